import { expect, it } from 'vitest'

import { kernelSource, newUuid } from '../../src/files/uuid.ts'

it('newUuid makes random UUIDs, none twice', () => {
  const made = Array.from({ length: 100 }, newUuid)
  expect(new Set(made).size).toBe(100)
  for (const one of made) {
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
})

it('newUuid reads no file on Windows, where any user could have created it', () => {
  expect(kernelSource('linux')).toBe('/dev/urandom')
  expect(kernelSource('win32')).toBeUndefined()
})
