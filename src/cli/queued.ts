import { contractsOf } from '../contract/contracts.ts'
import { listQueue } from '../store/queue.ts'
import { readQueued } from '../store/queued-event.ts'
import type { Context } from './context.ts'
import { plural } from './words.ts'

/** What waits, one event a line, as it will be sent. */
export function printQueued({ io, product, situation, surroundings }: Context): void {
  const contracts = contractsOf(product)
  let others = 0
  for (const { path } of listQueue(situation.paths.queue)) {
    const queued = readQueued(path, contracts, surroundings.now())
    if (queued.kind === 'event') io.out(`${queued.bytes}\n`)
    else others += 1
  }
  if (others > 0)
    io.err(`${plural(others, 'file')} in the queue will not be sent: no valid event.\n`)
}
