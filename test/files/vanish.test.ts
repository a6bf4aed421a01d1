import type fs from 'node:fs'
import { rmSync, symlinkSync } from 'node:fs'

import { expect, it, vi } from 'vitest'

import { readSmallFile } from '../../src/files/read.ts'
import { tempHome } from '../support/home.ts'

const meanwhile = vi.hoisted(() => ({ act: () => {} }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const openSync: typeof real.openSync = (...args) => {
    meanwhile.act()
    return real.openSync(...args)
  }
  return { ...real, openSync }
})

it('a file that is removed just before it is opened is a missing one, not a broken link', () => {
  const home = tempHome()
  const file = home.write('file', 'x')
  symlinkSync(file, home.at('link'))
  meanwhile.act = () => rmSync(file, { force: true })
  expect(readSmallFile(file, 10)).toEqual({ kind: 'absent' })
  expect(readSmallFile(home.at('link'), 10)).toMatchObject({
    kind: 'unreadable',
    reason: 'it is a symbolic link to a file that does not exist',
  })
})
