import * as v from 'valibot'

import { randomUuid } from '../contract/atoms.ts'
import { contractsOf } from '../contract/contracts.ts'
import { listQueue } from '../store/queue.ts'
import { readQueued } from '../store/queued-event.ts'
import type { Invocation } from './invocation.ts'
import { plural } from './words.ts'

/** What waits, one event a line, as it will be sent. */
export function printQueued(invocation: Invocation): void {
  const { io } = invocation
  let events = 0
  let others = 0
  for (const queued of waiting(invocation)) {
    if (queued.kind === 'event') {
      io.out(`${queued.bytes}\n`)
      events += 1
    } else others += 1
  }
  if (events === 0) io.err('Nothing is waiting to be sent.\n')
  if (others > 0)
    io.err(`${plural(others, 'file')} in the queue will not be sent: no valid event.\n`)
}

export function isEventId(text: string): boolean {
  return v.is(randomUuid, text.toLowerCase())
}

/** The bytes of the one that waits under this id. */
export function queuedEvent(invocation: Invocation, id: string): string | undefined {
  for (const queued of waiting(invocation)) {
    if (queued.kind === 'event' && idOf(queued.bytes) === id.toLowerCase()) return queued.bytes
  }
  return undefined
}

function idOf(bytes: string): string | undefined {
  const event = JSON.parse(bytes) as { readonly event_id?: string; readonly uuid?: string }
  return event.event_id ?? event.uuid
}

function* waiting({ product, context, environment }: Invocation) {
  const contracts = contractsOf(product)
  for (const { path } of listQueue(context.paths.queue)) {
    yield readQueued(path, contracts, environment.now())
  }
}
