import { existsSync } from 'node:fs'

const memory = '/dev/shm'

/**
 * Where files are made: in the temporary folder and, if possible, in memory. The time of a disk varies
 * between machines and from minute to minute, ours does not.
 */
export const places = [
  { name: 'disk', folder: undefined },
  ...(existsSync(memory) ? [{ name: 'memory', folder: memory }] : []),
]
