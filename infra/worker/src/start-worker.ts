// Starts the worker process. The only file here that reads the environment or hears signals.
import { bufferOf } from 'runmat-telemetry-buffer/settings'
import { readerOf, SettingsError } from 'runmat-telemetry-common/environment'

import { boundedTo } from './bounded-log.ts'
import { ListenError, listenError } from './http/listen-error.ts'
import { openServer } from './http/server.ts'
import { openWorker } from './open-worker.ts'
import { readSettings } from './settings.ts'
import { FolderError } from './sinks/folder-error.ts'
import type { Worker } from './worker.ts'

const { argv, env, stderr, stdout } = process

async function serve(): Promise<void> {
  const settings = readSettings(env)
  // The reader of the log may go away; that is no reason to lose events.
  stdout.on('error', () => undefined)
  const worker = await openWorker(settings, boundedTo(stdout))
  const server = await openServer(worker).catch(async (error: unknown) => {
    await worker.close()
    throw listenError(settings, error)
  })
  worker.log.listening(server.port, worker.sink)
  if (settings.ignored.length > 0) worker.log.ignored(settings.ignored, worker.sink)
  // A buffer is still being connected to, and says itself what is wrong.
  if (settings.buffer === undefined) void lookAtSink(worker)
  const stop = async (): Promise<void> => {
    worker.log.note('stopping')
    await server.close()
    worker.log.note('stopped')
    // oxlint-disable-next-line unicorn/no-process-exit -- a sink that hangs must not keep us
    process.exit()
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
}

/** What keeps it from storing is best known now, and not with the first event. */
async function lookAtSink({ readiness, log }: Worker): Promise<void> {
  try {
    const trouble = await readiness()
    if (trouble !== undefined) log.notReady(trouble)
  } catch (error) {
    log.fault(error)
  }
}

async function command([name, ...words]: readonly string[]): Promise<number> {
  const { deadLetterCommand, requestOf, usage } =
    await import('runmat-telemetry-buffer/dead-letter-command')
  const request = name === 'dead-letters' ? requestOf(words) : undefined
  if (request === undefined) {
    stderr.write(usage)
    return 2
  }
  const reader = readerOf(env)
  const buffer = bufferOf(reader) ?? reader.fault('BUFFER_URL', 'is missing')
  reader.check()
  if (buffer === undefined) return 1
  return await deadLetterCommand(buffer, request, {
    out: (line) => stdout.write(`${line}\n`),
    err: (line) => stderr.write(`${line}\n`),
  })
}

try {
  const words = argv.slice(2)
  if (words.length === 0) await serve()
  else process.exitCode = await command(words)
} catch (error) {
  const isOurs = [SettingsError, FolderError, ListenError].some((ours) => error instanceof ours)
  stderr.write(`${isOurs ? (error as Error).message : String(error)}\n`)
  process.exitCode = 1
}
