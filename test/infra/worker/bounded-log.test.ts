import { Writable } from 'node:stream'

import { expect, it } from 'vitest'

import { boundedTo } from '../../../infra/worker/src/bounded-log.ts'
import { eventually } from '../../support/eventually.ts'

it('a log whose reader stalls loses lines, and says how many once it goes on', async () => {
  const read: string[] = []
  const held: (() => void)[] = []
  let isStalled = true
  const stream = new Writable({
    write: (chunk: Buffer, _, done) => {
      read.push(chunk.toString())
      if (isStalled) held.push(done)
      else done()
    },
  })
  const log = boundedTo(stream, 1000, () => 0)
  for (let count = 0; count < 500; count += 1) log.write(`${'x'.repeat(99)}\n`)
  expect(stream.writableLength).toBe(1100)
  isStalled = false
  for (const done of held) done()
  await eventually(() => expect(stream.writableLength).toBe(0))
  log.write('next\n')
  const time = '1970-01-01T00:00:00.000Z'
  expect(read.slice(11)).toEqual([
    `${JSON.stringify({ level: 40, time, lines: 489, msg: 'log lines lost' })}\n`,
    'next\n',
  ])
})
