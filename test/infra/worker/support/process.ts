import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { tempHome } from '../../../support/home.ts'
import { root } from '../../../support/run.ts'
import { key, later } from './stage.ts'

/** Builds the worker as shipped, for the tests of one file. */
export function buildWorker(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'worker-build-'))
  later(() => rmSync(folder, { recursive: true, force: true }))
  execFileSync(process.execPath, [path.join(root, 'infra/worker/build.js'), folder])
  return path.join(folder, 'worker.js')
}

export interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  /** Everything it wrote to stdout and stderr. */
  readonly said: () => string
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>
}

/** Runs the real worker in its own process. Settles once it listens or has exited. */
export async function run(
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const home = tempHome()
  const child = spawn(process.execPath, [program], {
    cwd: home.path,
    env: { ...home.env, INGESTION_KEY: key, PORT: '0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const port = new Promise<number>((resolve) => {
    const hear = (bytes: Buffer): void => {
      text += bytes.toString()
      const found = /"port":(\d+)/.exec(text)?.[1]
      if (found !== undefined) resolve(Number(found))
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
  })
  const listening = await Promise.race([port, ended.then(() => 0)])
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    await ended
  }
  later(() => stop('SIGKILL'))
  return {
    child,
    url: `http://127.0.0.1:${listening}`,
    port: listening,
    said: () => text,
    ended,
    stop,
  }
}
