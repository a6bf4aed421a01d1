import { pino } from 'pino'

import { SettingsError } from '../../shared/environment.ts'
import { openServer } from './server.ts'
import { readSettings } from './settings.ts'
import { openWorker } from './worker.ts'

const { env, stderr } = process

try {
  const settings = readSettings(env)
  const destination = pino.destination({ fd: 1, sync: true })
  // Whoever read our log may be gone; that is no reason to lose events.
  destination.on('error', () => undefined)
  const worker = await openWorker(settings, destination)
  const server = await openServer(worker)
  worker.log.listening(server.port, worker.sink)
  if (settings.ignored.length > 0) worker.log.ignored(settings.ignored, worker.sink)
  const stop = async (): Promise<void> => {
    worker.log.note('stopping')
    await server.close()
    worker.log.note('stopped')
    // oxlint-disable-next-line unicorn/no-process-exit -- a sink that hangs must not keep us
    process.exit()
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
} catch (error) {
  stderr.write(`${error instanceof SettingsError ? error.message : String(error)}\n`)
  process.exitCode = 1
}
