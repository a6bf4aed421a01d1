import { spawnSync } from 'node:child_process'

import { codeOf } from '../files/errors.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'

/** Shows a text that is longer than the terminal, in the person's own pager. False where there is none. */
export function page(text: string, rows: number, { env, platform }: HostEnvironment): boolean {
  if (platform === 'win32' || text.split('\n').length < rows) return false
  // A pager is a command line, as git and man take it.
  const command = env['PAGER'] || 'less -R'
  // Ctrl-C is for the pager. It would end us as well, and leave the terminal to both it and the shell.
  process.on('SIGINT', nothing)
  const { error, status } = spawnSync('/bin/sh', ['-c', command], {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...env, LESS: env['LESS'] ?? 'FRX' },
  })
  process.removeListener('SIGINT', nothing)
  // These are the shell's own: the program could not be started.
  return (error === undefined || codeOf(error) === 'EPIPE') && status !== 126 && status !== 127
}

const nothing = (): void => undefined
