// The real worker, with its file, on loopback.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

const source = path.join(import.meta.dirname, '../../infra/worker/build.js')

export function openWorker({ at, env, folder }, key) {
  execFileSync(process.execPath, [source, at('worker')])
  const file = at('events.ndjson')
  let child
  let port = 0
  return {
    file,
    url: () => `http://127.0.0.1:${port}/v1/t`,
    /** Comes back where it was, if it was there before. */
    start: async () => {
      child = spawn(process.execPath, [at('worker/worker.js')], {
        cwd: folder,
        env: {
          ...env,
          HOST: '127.0.0.1',
          PORT: String(port),
          INGESTION_KEY: key,
          EVENTS_FILE: file,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines = createInterface(child.stdout)
      const [line] = await Promise.race([once(lines, 'line'), once(child, 'close')])
      port = /"port":(\d+)/.exec(line)?.[1]
      if (port === undefined) throw new Error('the worker did not start')
    },
    stop: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'close')
    },
    kill: () => child?.kill('SIGKILL'),
  }
}
