import { describe, expect, it } from 'vitest'

import { retryWhileInUse } from '../../src/files/errors.ts'

const failing = (code: string, times: number) => {
  let calls = 0
  return {
    calls: () => calls,
    work: () => {
      calls += 1
      if (calls <= times) throw Object.assign(new Error(code), { code })
      return 'done'
    },
  }
}

describe('an operation that Windows refuses because a file is open', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('is retried after %s', (code) => {
    const { work, calls } = failing(code, 4)
    expect(retryWhileInUse(work, { platform: 'win32' })).toBe('done')
    expect(calls()).toBe(5)
  })

  it('throws its own error after a while', () => {
    const { work, calls } = failing('EPERM', Infinity)
    expect(() => retryWhileInUse(work, { platform: 'win32', mostMs: 20 })).toThrow('EPERM')
    expect(calls()).toBeGreaterThan(3)
  })

  it('is not retried after other errors', () => {
    const { work, calls } = failing('ENOENT', 1)
    expect(() => retryWhileInUse(work, { platform: 'win32' })).toThrow('ENOENT')
    expect(calls()).toBe(1)
  })

  it.each(['linux', 'darwin'] as const)('fails at once on %s', (platform) => {
    const { work, calls } = failing('EPERM', 1)
    expect(() => retryWhileInUse(work, { platform })).toThrow('EPERM')
    expect(calls()).toBe(1)
  })
})
