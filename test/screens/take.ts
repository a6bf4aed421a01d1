import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { type Home, tempHome } from '../support/home.ts'
import { cliCommand, root } from '../support/run.ts'
import { screenOf } from './screen.ts'
import type { State } from './states.ts'

/** One command in one state. Everything else is how it is shown. */
export interface Scene {
  /** The state in words. */
  readonly title: string
  /** What is typed after the command's name. */
  readonly args: string
  readonly state: State
  /** What happens while the command runs. */
  readonly steps?: readonly Step[]
  /** Only 80 columns, plain: where neither width nor colour shows anything new. */
  readonly once?: boolean
}

/** What a person types, or what else happens, once the screen says this after the step before. */
export interface Step {
  readonly to: string
  /** Keys by name, one after the other. */
  readonly type?: string
  readonly happens?: (home: Home) => void
  /** In words, where nothing is typed. */
  readonly name?: string
}

const keys: Readonly<Record<string, string>> = {
  'Ctrl-C': '\u0003',
  'Ctrl-D': '\u0004',
  'Ctrl-U': '\u0015',
  Enter: '\r',
  Down: '\u001b[B',
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
    const { screens, code } = await inTerminal(line, home, env, one.steps ?? [])
    return `${settled(inOrder(screens, one.steps ?? []), home)}[exit ${code}]\n`
  })
}

/** The screen at each step and in the end, from the line on which it differs from the one before. */
function inOrder(screens: readonly string[], steps: readonly Step[]): string {
  let before: readonly string[] = []
  return screens
    .map((screen, index) => {
      const lines = screen.split('\n')
      const same = lines.findIndex((line, at) => line !== before[at])
      before = lines
      const { type, name = `(types ${type})` } = steps[index - 1] ?? {}
      return (index === 0 ? '' : `${name}\n`) + lines.slice(Math.max(0, same)).join('\n')
    })
    .join('\n')
}

/** What stands on the screen at each step, and in the end. */
function inTerminal(
  line: string,
  home: Home,
  env: Readonly<Record<string, string>>,
  steps: readonly Step[],
): Promise<{ screens: readonly string[]; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qefc', line, '/dev/null'], {
      cwd: home.path,
      env,
      stdio: [steps.length === 0 ? 'ignore' : 'pipe', 'pipe', 'inherit'],
    })
    const left = [...steps]
    const screens: string[] = []
    let out = ''
    let asked = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      out += String(chunk)
      const [step] = left
      if (step === undefined) return
      const screen = screenOf(out).trimEnd()
      const { at, frame } = questionOn(screen)
      const isAsked = at !== asked && frame.includes(step.to)
      if (!isAsked && !asOneLine(screen).endsWith(step.to)) return
      left.shift()
      asked = at
      screens.push(screen)
      step.happens?.(home)
      if (step.type !== undefined) child.stdin?.write(bytesOf(step.type))
    })
    const hanging = setTimeout(() => {
      child.kill()
      reject(new Error(`${line} waits for: ${left[0]?.to}\n${screenOf(out)}`))
    }, 20_000)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(hanging)
      resolve({ screens: [...screens, screenOf(out)], code })
    })
  })
}

const bytesOf = (typed: string) =>
  typed
    .split(' ')
    .map((word) => {
      const [key = '', times = '1'] = word.split('×')
      return (keys[key] ?? key).repeat(Number(times))
    })
    .join('')

const asOneLine = (screen: string) => uncoloured(screen).replaceAll(/\s+/g, ' ')

/** The question that waits for an answer, once its frame is complete, and where it stands. */
function questionOn(screen: string): { readonly at: string; readonly frame: string } {
  const lines = uncoloured(screen).split('\n')
  const first = lines.findLastIndex((line) => /^[◆▲]/.test(line))
  // The frame begins only the first line of what it says below.
  const last = lines.findLast((line) => !line.startsWith('   '))
  const isComplete = first !== -1 && last?.startsWith('└') === true
  const at = `${first}${lines[first]?.charAt(0)}`
  return { at, frame: isComplete ? lines.slice(first).join('\n') : '' }
}

/** Replaces what differs each time by something as long, so that lines break where they would. */
function settled(text: string, home: Home): string {
  return text
    .replaceAll(home.path, '/home/ada-king-of-lovelace')
    .replaceAll(/(127\.0\.0\.1:)\d{5}/g, '$154321')
    .replaceAll(/-L \d{5}:/g, '-L 54321:')
    .replaceAll(/token=[\w-]{32}/g, `token=${'0123456789abcdef'.repeat(2)}`)
    .replaceAll(
      /\b(?!6f1c8e02)(?!0{8})[0-9a-f]{8}(?!-1a2b)(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
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
