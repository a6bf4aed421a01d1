import { failureReasons } from 'runmat-telemetry-common/http-poster'
import { zeros } from 'runmat-telemetry-common/prometheus'

import { type Malformation, malformations } from './datagram.ts'

/**
 * Every datagram is counted in exactly one place at any time: received = malformed + forwarded + refused
 * + gaveWay + waiting + in flight.
 */
export class Counts {
  readonly received = { ipv4: 0, ipv6: 0 }
  readonly malformed = zeros<Malformation>(malformations)
  /** Confirmed as stored. */
  forwarded = 0
  /** Refused for good. */
  refused = 0
  /** The oldest events, dropped when the queue was full. */
  gaveWay = 0
  posts = 0
  /** Posts after which events had to stay, by reason: a network failure or a status. */
  readonly failedPosts = new Map<string, number>(failureReasons.map((reason) => [reason, 0]))

  countFailedPost(reason: string): void {
    this.failedPosts.set(reason, (this.failedPosts.get(reason) ?? 0) + 1)
  }
}

export function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0)
}
