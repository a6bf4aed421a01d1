import { describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { noticeText } from '../../src/record/notice.ts'
import { tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'

const address = 'https://example.invalid/report'
const line = `What comes of it: ${address}\n`

describe('the address where everybody sees what the events say', () => {
  it.each([
    ['is named', { ...runmat, publicReport: address }, true],
    ['is not made up where there is none', runmat, false],
  ])('%s', async (_, product, isNamed) => {
    const home = tempHome()
    const run = (...argv: readonly string[]) =>
      command(environmentIn(home.path), argv, undefined, product)
    expect(noticeText(product).includes(line)).toBe(isNamed)
    expect((await run('status')).out.includes(line)).toBe(isNamed)
    const page = home.at('page.html')
    await run('view', '--export', page)
    expect(home.read(page).includes(`<a href="${address}">What comes of it</a>`)).toBe(isNamed)
  })
})
