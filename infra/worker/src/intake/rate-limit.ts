import { isIPv6 } from 'node:net'

import { steadyNow } from 'runmat-telemetry-common/clock'

import { limits } from '../limits.ts'

export interface RateLimit {
  /** Takes events from a network's share. Returns 0, or how long the network must wait. */
  readonly take: (address: string, events: number) => number
}

export interface Rate {
  readonly events: number
  readonly windowMs: number
  readonly networks: number
}

/**
 * Counts events by network in a table of fixed size. The table holds only numbers: a hash, salted per
 * process, maps an address to a slot, and the address is forgotten. Two networks that share a slot
 * share its limit.
 */
export function openRateLimit(
  { events: most, windowMs, networks }: Rate = limits.keyless,
  now: () => number = steadyNow,
  salt = Math.floor(Math.random() * 2 ** 32),
): RateLimit {
  const taken = new Uint32Array(networks)
  let until = 0
  return {
    take: (address, events) => {
      const time = now()
      if (time >= until) {
        taken.fill(0)
        until = time + windowMs
      }
      const place = hash(networkOf(address), salt) % networks
      const total = (taken[place] ?? 0) + events
      if (total > most) return until - time
      taken[place] = total
      return 0
    },
  }
}

/** One IPv6 subscriber owns 2^64 addresses, so the first four groups count as one network. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const groups = head.split(':').filter(Boolean)
  const rest = tail?.split(':').filter(Boolean) ?? []
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0')
  return [...groups, ...(tail === undefined ? [] : zeros), ...rest].slice(0, 4).join(':')
}

/** FNV-1a. */
function hash(text: string, salt: number): number {
  let value = (2_166_136_261 ^ salt) >>> 0
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 16_777_619) >>> 0
  }
  return value
}
