import type { Product } from '../product/product.ts'
import { contractOf, type EventContract, oncePerProduct } from './contract.ts'
import type { Meanings } from './meanings.ts'
import { constant, list, object, optional } from './schema.ts'
import { uuid } from './values.ts'

/** How many events one request may name. */
export const mostErasedEvents = 500

export const eraseEvent = object({
  event_label: constant('telemetry.erase'),
  uuid,
  cid: optional(uuid),
  events: optional(list(uuid, mostErasedEvents)),
})

/**
 * The request that `forget` posts. It is not one of `contractsOf`, and it is never recognised, so that
 * no file in the queue, no datagram and no `record` can ask for an erasure.
 */
export const eraseContract = oncePerProduct(
  ({ name }: Pick<Product, 'name'>): EventContract<'erase'> =>
    contractOf('erase', `${name} request to erase`, eraseEvent, () => true),
)

export const eraseMeanings: Meanings<typeof eraseEvent> = {
  event_label: {
    carries: 'Name of the request.',
    why: 'Tells the collector to erase, and not to store.',
    answers: ['erasure'],
  },
  uuid: {
    carries: 'Random UUID, new for every request.',
    why: 'Tells one request from another. It identifies nobody.',
    answers: ['erasure'],
  },
  cid: {
    carries: 'The client id whose events are to be erased.',
    why: 'Names all that was sent under this id.',
    answers: ['erasure'],
  },
  events: {
    carries: 'The UUIDs of events that were sent under an earlier id.',
    why: 'Names what the client id does not lead to.',
    answers: ['erasure'],
  },
}
