import { isUtf8 } from 'node:buffer'

import { mayBeErasure, readErasure } from 'runmat-telemetry-common/events/erasure'

/** Why a datagram holds no event, in the order in which we check. */
export const malformations = [
  'empty',
  'oversized',
  'not utf-8',
  'not json',
  'nested',
  'erasure',
] as const

export type Malformation = (typeof malformations)[number]

/** As deep as the worker reads; the contract needs four levels. */
const deepest = 32

/**
 * Checks that a datagram can be a line of NDJSON; the worker judges the event itself. Anybody can send
 * a datagram, and we post it with our key, so it must not erase.
 */
export function checkDatagram(datagram: Buffer, maxBytes: number): Malformation | undefined {
  if (datagram.length === 0) return 'empty'
  if (datagram.length > maxBytes) return 'oversized'
  if (!isUtf8(datagram)) return 'not utf-8'
  const problem = checkObject(datagram, deepest)
  return problem === undefined && isErasure(datagram.toString()) ? 'erasure' : problem
}

function isErasure(text: string): boolean {
  return mayBeErasure(text) && readErasure(text) !== undefined
}

/** Checks that UTF-8 text is one JSON object. Undefined: it is. */
export function checkObject(bytes: Buffer, most: number): 'nested' | 'not json' | undefined {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString())
  } catch {
    return opensDeeper(bytes, most) ? 'nested' : 'not json'
  }
  if (isDeeper(value, most)) return 'nested'
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : 'not json'
}

function isDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (most === 0) return true
  for (const name in value) {
    if (isDeeper((value as Readonly<Record<string, unknown>>)[name], most - 1)) return true
  }
  return false
}

const quote = 0x22
const backslash = 0x5c

/** The same for text that isn't valid JSON: counts brackets outside strings. */
function opensDeeper(bytes: Uint8Array, most: number): boolean {
  let depth = 0
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote:
        at = endOfString(bytes, at + 1)
        break
      case 0x5b: // [
      case 0x7b: // {
        depth += 1
        if (depth > most) return true
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1
        break
      default:
    }
  }
  return false
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
  return at
}

/**
 * Turns a checked datagram into one line, in place, so that a line break can't forge a second event.
 * Valid JSON has raw line breaks only between its parts, where a space means the same.
 */
export function flatten(datagram: Uint8Array): void {
  for (const lineBreak of [0x0a, 0x0d]) {
    for (let at = datagram.indexOf(lineBreak); at !== -1; at = datagram.indexOf(lineBreak, at)) {
      datagram[at] = 0x20
    }
  }
}
