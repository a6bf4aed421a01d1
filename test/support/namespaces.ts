import { spawnSync } from 'node:child_process'

import { requireTool } from './tools.ts'

/**
 * What starts a command with PIDs of its own, as a container does, and on a machine of its own if
 * it is given another boot id. Undefined where this machine doesn't let us.
 */
export type Elsewhere = (bootId?: string) => readonly [string, ...string[]]

export function findElsewhere(): Elsewhere | undefined {
  if (!requireTool('unshare')) return undefined
  const pids = ['--pid', '--fork', '--kill-child', '--mount-proc']
  const flags = [pids, ['--user', '--map-root-user', ...pids]].find(
    (some) => spawnSync('unshare', [...some, 'true']).status === 0,
  )
  if (flags === undefined) {
    const message = 'no PID namespace can be made here'
    if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(message)
    console.warn(`${message}: what needs it is skipped`)
    return undefined
  }
  const mount = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
  return (bootId) =>
    bootId === undefined ? ['unshare', ...flags] : ['unshare', ...flags, 'sh', '-c', mount, bootId]
}
