// Starts the forwarder process. The only file here that reads the environment or hears signals.
import { SettingsError } from 'runmat-telemetry-common/environment'
import { makeLog } from 'runmat-telemetry-common/log'

import { type Service, startService } from './service.ts'
import { readSettings } from './settings.ts'

// The reader of the log may go away; that is no reason to stop.
process.stdout.on('error', () => undefined)
const log = makeLog((line) => process.stdout.write(line), Date.now)

const { env } = process

const starting = start()
let stopping: Promise<void> | undefined
const stop = (): void => {
  stopping ??= starting.then(async (service) => {
    await service?.stop()
    // oxlint-disable-next-line unicorn/no-process-exit -- a server that hangs must not keep us
    process.exit()
  })
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

async function start(): Promise<Service | undefined> {
  try {
    return await startService(readSettings(env), log)
  } catch (error) {
    process.exitCode = 1
    if (error instanceof SettingsError) {
      process.stderr.write(`${error.message}\n`)
    } else {
      // Of an address that is taken, Node says which one.
      const { code, syscall, port } = error as NodeJS.ErrnoException & { readonly port?: number }
      const facts = code === undefined ? { problem: String(error) } : { code, syscall, port }
      log.error('cannot start', facts)
    }
    return undefined
  }
}
