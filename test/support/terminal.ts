import { spawn } from 'node:child_process'

import type { Home } from './home.ts'
import { childrenOf } from './processes.ts'

export interface Terminal {
  /** Everything that was shown so far, without colours and cursor movements. */
  readonly shown: () => string
  /** Resolves once the text has been shown after what was seen or pressed last. */
  readonly sees: (text: string) => Promise<void>
  readonly type: (text: string) => void
  readonly press: (...names: readonly Key[]) => void
  readonly ended: Promise<number | null>
  /** The process of the program. */
  readonly pid: () => number
  readonly close: () => void
}

const keys = { down: '\u001b[B', up: '\u001b[A', enter: '\r', interrupt: '\u0003' } as const

type Key = keyof typeof keys

/** Runs a program in a real terminal, made by util-linux's `script`. */
export function openTerminal(home: Home, command: readonly string[], rows = 50): Terminal {
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const child = spawn(
    'script',
    ['-qefc', `stty cols 100 rows ${rows}; exec ${line}`, '/dev/null'],
    {
      cwd: home.path,
      env: { ...home.env, TERM: 'xterm', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  let raw = ''
  let from = 0
  const waiting = new Set<() => void>()
  const look = () => {
    for (const check of waiting) check()
  }
  child.stdout.on('data', (chunk: Buffer) => {
    raw += String(chunk)
    look()
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      resolve(code)
      look()
    })
  })
  const type = (text: string) => {
    from = plain(raw).length
    child.stdin.write(text)
  }
  return {
    shown: () => plain(raw),
    sees: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const at = plain(raw).indexOf(text, from)
          if (at === -1 && child.exitCode === null) return
          waiting.delete(check)
          if (at === -1) return reject(new Error(`ended without ${text}: ${raw}`))
          from = at + text.length
          resolve()
        }
        waiting.add(check)
        check()
      }),
    type,
    press: (...names) => type(names.map((name) => keys[name]).join('')),
    ended,
    close: () => void child.kill('SIGKILL'),
    pid: () => childrenOf(child.pid ?? 0)[0] ?? 0,
  }
}

function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the sequences that move the cursor and set colours
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
}
