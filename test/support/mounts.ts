import { spawnSync } from 'node:child_process'

import { requireTool } from './tools.ts'

/**
 * A command in a world of its own, whose mounts nobody else sees and that go with it. `before` and
 * `after` are shell; the exit code is the command's.
 */
export type Mounter = (
  world: { readonly before: string; readonly after?: string },
  command: readonly string[],
) => readonly string[]

/**
 * How to mount something for one command only; undefined where this machine does not let us. That
 * is a failure where tools must be there (REQUIRE_TOOLS=1).
 */
export function findMounter(): Mounter | undefined {
  if (!requireTool('unshare')) return undefined
  const flags = [['--mount'], ['--mount', '--map-root-user']].find(
    (some) => spawnSync('unshare', [...some, 'mount', '-t', 'tmpfs', 'x', '/mnt']).status === 0,
  )
  if (flags !== undefined) {
    return ({ before, after = '' }, command) => [
      'unshare',
      ...flags,
      'sh',
      '-c',
      `set -e\n${before}\nset +e\n"$@"\ncode=$?\n${after}\nexit $code`,
      'sh',
      ...command,
    ]
  }
  const message = 'nothing can be mounted here'
  if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(message)
  console.warn(`${message}: what needs it is skipped`)
  return undefined
}
