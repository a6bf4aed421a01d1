import type * as fs from 'node:fs'

import { expect, it, vi } from 'vitest'

import { isAlive } from '../../src/store/process-identity.ts'

/** What the kernel says of this process. */
const kernel = vi.hoisted(() => ({ state: 'S', threads: 1, born: '77' }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return {
    ...real,
    readFileSync: (file: string, encoding: 'latin1') => {
      if (file !== `/proc/${process.pid}/stat`) return real.readFileSync(file, encoding)
      const { state, threads, born } = kernel
      const between = '0 '.repeat(16).trim()
      return `${process.pid} (a name) ${state} ${between} ${threads} 0 ${born} 0`
    },
  }
})

// A process that is killed becomes a zombie before its last thread has ended, and until then its files and
// connections stay open.
it.runIf(process.platform === 'linux').each([
  ['S', 1, true],
  ['S', 7, true],
  ['Z', 7, true],
  ['Z', 1, false],
  ['Z', 0, false],
])(
  'a process lives until its last thread has ended: %s with %i threads',
  (state, threads, lives) => {
    Object.assign(kernel, { state, threads })
    expect(isAlive({ pid: process.pid, born: '77', place: null })).toBe(lives)
  },
)
