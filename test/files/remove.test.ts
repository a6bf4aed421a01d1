import { existsSync, mkdirSync, symlinkSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { removeAll } from '../../src/files/write.ts'
import { tempHome } from '../support/home.ts'

describe('removeAll', () => {
  it('removes a folder with its content, but not the targets of links in it', () => {
    const home = tempHome()
    home.write('kept/file', 'kept')
    home.write('folder/deep/er/file', 'x')
    home.write('folder/file', 'x')
    symlinkSync(home.at('kept'), home.at('folder/link'))
    symlinkSync('nowhere', home.at('folder/dangling'))
    mkdirSync(home.at('folder/empty'))
    removeAll(home.at('folder'))
    expect(existsSync(home.at('folder'))).toBe(false)
    expect(home.read('kept/file')).toBe('kept')
  })

  it('removes a file or a link, and accepts that there is none', () => {
    const home = tempHome()
    home.write('file', 'x')
    symlinkSync(home.at('file'), home.at('link'))
    removeAll(home.at('link'))
    expect(home.read('file')).toBe('x')
    removeAll(home.at('file'))
    removeAll(home.at('file'))
    expect(existsSync(home.at('file'))).toBe(false)
  })
})
