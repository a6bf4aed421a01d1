import { afterEach, expect, it } from 'vitest'

import { limits, openDelivery } from '../../src/browser/delivery.ts'
import { type Collector, startCollector } from '../support/collector.ts'

let collector: Collector
afterEach(() => collector.stop())

it('a page keeps a limited number of events while the collector is away and drops the oldest', async () => {
  collector = await startCollector({ answer: { hang: 'before headers' } })
  const delivery = openDelivery({ url: collector.url, key: undefined }, () => true)
  const offer = (index: number) => delivery.offer(`id-${index}`, `event ${index}`)
  const more = limits.events + 50
  for (let index = 0; index < limits.inFlight + more; index += 1) offer(index)
  await collector.received(limits.inFlight)
  collector.setAnswer(204)
  collector.disconnect()
  await collector.received(limits.inFlight + limits.events)
  await delivery.settled()
  delivery.drop()
  const bodies = collector.events.slice(limits.inFlight).map(({ text }) => text)
  expect(new Set(bodies).size).toBe(limits.events)
  expect(bodies).toContain(`event ${limits.inFlight + more - 1}`)
  expect(bodies).not.toContain(`event ${limits.inFlight}`)
})

it('a closing page does not repeat requests that seem to fail', async () => {
  collector = await startCollector({ answer: { hang: 'before headers' } })
  const delivery = openDelivery({ url: collector.url, key: undefined }, () => true)
  delivery.offer('id-1', 'handed over')
  await collector.received(1)
  delivery.leave()
  collector.setAnswer(204)
  collector.disconnect()
  await delivery.settled()
  delivery.flush()
  delivery.comeBack()
  delivery.offer('id-2', 'after that')
  await collector.received(2)
  await delivery.settled()
  expect(collector.events.map(({ text }) => text)).toEqual(['handed over', 'after that'])
})
