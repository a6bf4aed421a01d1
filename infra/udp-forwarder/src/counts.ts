import { failureReasons } from './answer.ts'
import { type Malformation, malformations } from './datagram.ts'

/**
 * Every datagram is in one of these at any time: received = malformed + forwarded + refused +
 * gaveWay + what waits or is under way.
 */
export class Counts {
  readonly received = { ipv4: 0, ipv6: 0 }
  readonly malformed = zeros<Malformation>(malformations)
  /** Confirmed by the worker as stored. */
  forwarded = 0
  /** Refused by the worker for good. */
  refused = 0
  /** The oldest, when the queue was full. */
  gaveWay = 0
  posts = 0
  /** Posts after which events had to stay, by reason: a failure of the network, or a status. */
  readonly failedPosts = new Map<string, number>(failureReasons.map((reason) => [reason, 0]))

  countFailedPost(reason: string): void {
    this.failedPosts.set(reason, (this.failedPosts.get(reason) ?? 0) + 1)
  }
}

export function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0)
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}
