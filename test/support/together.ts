import { spawn } from 'node:child_process'

import type { Home } from './home.ts'
import type { Ended } from './run.ts'

/** A program that says `ready ` when it stands at the line, and starts with the first byte it gets. */
export interface Runner {
  readonly ready: Promise<void>
  readonly go: () => void
  readonly ended: Promise<Ended>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly pid: number
}

export function runner(
  command: string,
  args: readonly string[],
  home: Home,
  env: Readonly<Record<string, string>> = {},
): Runner {
  const child = spawn(command, args, {
    cwd: home.path,
    env: { ...home.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
  child.stdin.on('error', () => undefined)
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += String(chunk)
      if (out.startsWith('ready ')) resolve()
    })
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, out, err }))
  })
  return {
    ready: Promise.race([ready, ended.then(() => undefined)]),
    go: () => child.stdin.write('go\n'),
    ended,
    kill: (signal) => child.kill(signal),
    pid: child.pid ?? 0,
  }
}

/** Lets all go at once when all stand at the line, and waits for all to end. */
export async function together(runners: readonly Runner[]): Promise<readonly Ended[]> {
  await Promise.all(runners.map(({ ready }) => ready))
  for (const { go } of runners) go()
  return Promise.all(runners.map(({ ended }) => ended))
}
