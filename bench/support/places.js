import { existsSync } from 'node:fs'

const memory = '/dev/shm'

/**
 * Where files are made: where temporary ones belong and, if there is such a place, in memory. What a
 * disk takes differs from one to the next, and from one minute to the next; what we take does not.
 */
export const places = [
  { name: 'disk', folder: undefined },
  ...(existsSync(memory) ? [{ name: 'memory', folder: memory }] : []),
]
