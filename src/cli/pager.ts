import { spawnSync } from 'node:child_process'

import type { HostEnvironment } from '../settings/host-environment.ts'

/** Shows a text that is longer than the terminal, in the person's own pager. False where there is none. */
export function page(text: string, rows: number, { env, platform }: HostEnvironment): boolean {
  if (platform === 'win32' || text.split('\n').length < rows) return false
  // A pager is a command line, as git and man take it.
  const command = env['PAGER'] || 'less -R'
  const { status } = spawnSync('/bin/sh', ['-c', command], {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...env, LESS: env['LESS'] ?? 'FRX' },
  })
  // 126 and 127 are the shell's own: the program could not be started.
  return status !== null && status < 126
}
