import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { type Home, tempHome } from '../support/home.ts'
import { cliCommand, root } from '../support/run.ts'
import type { State } from './states.ts'

/** One command in one state. Everything else is how it is shown. */
export interface Scene {
  /** The state in words. */
  readonly title: string
  /** What is typed after the command's name. */
  readonly args: string
  readonly state: State
  /** What a person types, and the words on the screen that it answers. */
  readonly answer?: { readonly to: string; readonly type: string }
  /** Only 80 columns, plain: where neither width nor colour shows anything new. */
  readonly once?: boolean
}

export const scene = (
  title: string,
  args: string,
  state: State,
  more: Partial<Scene> = {},
): Scene => ({ title, args, state, ...more })

const preload = path.join(import.meta.dirname, 'preload.cjs')
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string
}

/** The screens of one command as text that a person can read through. */
export async function textOf(scenes: readonly Scene[]): Promise<string> {
  const taken = await Promise.all(scenes.map(sectionOf))
  return taken.join('\n\n')
}

async function sectionOf(one: Scene): Promise<string> {
  const { title, args, once } = one
  const coloured = await take(one, 80, true)
  const plain = uncoloured(coloured)
  const isNarrow = once === true || plain.split('\n').every((line) => line.length <= 60)
  const widths = isNarrow ? [] : [60, 120]
  const others = await Promise.all(widths.map((columns) => take(one, columns, false)))
  const shown = widths
    .map((columns, index) => [columns, others[index] ?? ''] as const)
    .filter(([, text]) => text !== plain)
    .map(([columns, text]) => `\n--- ${columns} columns, no colour ---\n${text}`)
  const lines = coloured.split('\n').filter((line) => uncoloured(line) !== line)
  const colours = once || lines.length === 0 ? '' : `\n--- colours ---\n${lines.join('\n')}\n`
  return `=== ${title} ===\n$ runmat-telemetry ${args}\n${plain}${shown.join('')}${colours}`.trimEnd()
}

const uncoloured = (text: string) => text.replaceAll(/‹[a-z/]+›/g, '')

/** What a terminal of so many columns shows, with a last line that tells how the command ended. */
async function take(one: Scene, columns: number, colour: boolean): Promise<string> {
  return await inTurn(async () => {
    const home = tempHome()
    const said = one.state(home) ?? {}
    const env = {
      ...home.env,
      NODE_OPTIONS: `${home.env['NODE_OPTIONS'] ?? ''} --require=${preload}`,
      PATH: '/usr/bin:/bin',
      TERM: 'xterm',
      ...(colour ? {} : { NO_COLOR: '1' }),
      ...said,
      SHELL: '/bin/bash',
    }
    const quoted = cliCommand.map((word) => `'${word}'`).join(' ')
    // A shell in between would take Ctrl-C for itself.
    const exec = /[|<>]/.test(one.args) ? '' : 'exec '
    const shell = said['SHELL'] === undefined ? '' : `SHELL=${said['SHELL']} `
    const line = `set -o pipefail; stty cols ${columns} rows 50; ${shell}${exec}${quoted} ${one.args}`
    const { out, code } = await inTerminal(line, home, env, one.answer)
    return `${settled(shownBy(out), home)}[exit ${code}]\n`
  })
}

function inTerminal(
  line: string,
  home: Home,
  env: Readonly<Record<string, string>>,
  answer: Scene['answer'],
): Promise<{ out: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd: home.path,
      env,
      stdio: [answer === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'],
    })
    let out = ''
    let isAnswered = answer === undefined
    child.stdout?.on('data', (chunk: Buffer) => {
      out += String(chunk)
      if (isAnswered || answer === undefined || !uncoloured(shownBy(out)).includes(answer.to))
        return
      isAnswered = true
      child.stdin?.write(answer.type)
    })
    const hanging = setTimeout(() => child.kill(), 20_000)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(hanging)
      resolve({ out, code })
    })
  })
}

const names: Readonly<Record<string, string>> = {
  0: '/',
  1: 'bold',
  2: 'dim',
  22: '/',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  36: 'cyan',
  39: '/',
  90: 'grey',
}

// oxlint-disable-next-line no-control-regex -- colours
const colour = /\u001b\[([0-9]*)m/g
// oxlint-disable-next-line no-control-regex -- the cursor
const movement = /\u001b\[[0-9;?]*[A-Za-z]/g

/** The lines as they stand in the end: what was overwritten is gone, and colours have names. */
function shownBy(raw: string): string {
  return raw
    .replaceAll('\r\n', '\n')
    .replaceAll(colour, (_, code: string) => `‹${names[code || '0'] ?? code}›`)
    .replaceAll(movement, '')
    .split('\n')
    .map((line) => line.split('\r').reduce(overwrite).trimEnd())
    .join('\n')
}

function overwrite(before: string, after: string): string {
  return after + before.slice(after.length)
}

/** Replaces what differs each time by something as long, so that lines break where they would. */
function settled(text: string, home: Home): string {
  return text
    .replaceAll(home.path, '/home/ada-king-of-lovelace')
    .replaceAll(/(127\.0\.0\.1:)\d{5}/g, '$154321')
    .replaceAll(/-L \d{5}:/g, '-L 54321:')
    .replaceAll(/token=[\w-]{32}/g, `token=${'0123456789abcdef'.repeat(2)}`)
    .replaceAll(
      /\b(?!6f1c8e02)(?!c0de)(?!0{8})[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
      someId,
    )
    .replaceAll(version, '0.0.0')
}

const someId = '12345678-1234-4234-8234-123456789abc'

const free: (() => void)[] = []
let running = 0

/** Lets only a few processes run at a time. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= os.availableParallelism() * 2) {
    await new Promise<void>((resolve) => void free.push(resolve))
  }
  running += 1
  try {
    return await work()
  } finally {
    running -= 1
    free.shift()?.()
  }
}
