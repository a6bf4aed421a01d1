import { spawn } from 'node:child_process'
import path from 'node:path'

import type { Home } from './home.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly input?: string
}

export const root = path.resolve(import.meta.dirname, '../..')
export const launcher = path.join(root, 'bin/runmat-telemetry.js')

/** The CLI as one file, where that is what is tested in place of the package. */
const { RUNMAT_TELEMETRY_BINARY: given } = process.env
export const executable = given ? path.resolve(given) : undefined

/** What starts the CLI, before its arguments. */
export const cliCommand: readonly [string, ...string[]] =
  executable === undefined ? [process.execPath, launcher] : [executable]

/** What runs a JavaScript file with the very runtime that is in the executable, or that the CLI has. */
export const runtime: { readonly command: string; readonly env: Readonly<Record<string, string>> } =
  executable === undefined
    ? { command: process.execPath, env: {} }
    : { command: executable, env: { BUN_BE_BUN: '1' } }

/** Runs the real binary in a home of its own, as a user would. */
export function cli(home: Home, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const [program, ...before] = cliCommand
  return run(program, [...before, ...args], home, options)
}

export async function cliJson<T = Record<string, unknown>>(
  home: Home,
  args: readonly string[],
  options: RunOptions = {},
): Promise<T> {
  const ended = await cli(home, [...args, '--json'], options)
  if (ended.code !== 0) throw new Error(`exit ${ended.code}: ${ended.err}`)
  return JSON.parse(ended.out) as T
}

export function run(
  command: string,
  args: readonly string[],
  home: Home,
  { env, cwd, input }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: cwd ?? home.path,
      env: { ...home.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code, signal, out: String(Buffer.concat(out)), err: String(Buffer.concat(err)) })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
  })
}
