import { expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { noticeText } from '../../src/record/notice.ts'

it('the notice fits into a terminal of 60 columns, whose width no host is asked for', () => {
  for (const line of noticeText(runmat).split('\n')) expect(line.length).toBeLessThanOrEqual(60)
})
