import { expect, it } from 'vitest'

import type { Product } from '../../src/product/product.ts'
import { runmat } from '../../src/product/runmat.ts'
import { noticeText } from '../../src/record/notice.ts'

it('the notice fits into a terminal of 60 columns, whose width no host is asked for', () => {
  for (const line of noticeText(runmat).split('\n')) expect(line.length).toBeLessThanOrEqual(60)
})

it('names no variable that the program itself ignores', () => {
  const isNamed = (product: Product) => noticeText(product).includes(product.variables.off)
  expect(isNamed(runmat)).toBe(false)
  const { host: _, ...embedding } = runmat
  expect(isNamed(embedding)).toBe(true)
})
