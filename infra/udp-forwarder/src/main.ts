// The edge: the only file that reads the environment, writes a log and hears signals.
import { SettingsError } from '../../common/environment.ts'
import { makeLog } from './log.ts'
import { type Service, startService } from './service.ts'
import { readSettings } from './settings.ts'

// A log that nobody reads any more is no reason to stop.
process.stdout.on('error', () => undefined)
const log = makeLog((line) => process.stdout.write(line), Date.now)

const { env } = process

const starting = start()
let stopping: Promise<void> | undefined
const stop = (): void => {
  stopping ??= starting.then((service) => service?.stop())
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
      const { code, syscall } = error as NodeJS.ErrnoException
      log.error('cannot start', code === undefined ? { problem: String(error) } : { code, syscall })
    }
    return undefined
  }
}
