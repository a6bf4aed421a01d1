import { isUtf8 } from 'node:buffer'

import { checkObject } from './json-object.ts'

/** Why a datagram holds no event, in the order in which we look. */
export const malformations = ['empty', 'oversized', 'not utf-8', 'not json', 'nested'] as const

export type Malformation = (typeof malformations)[number]

/** As deep as the worker reads; the contract needs four levels. */
const deepest = 32

/** Only what a line of NDJSON must be: the worker judges what it says. */
export function judge(datagram: Uint8Array, maxBytes: number): Malformation | undefined {
  if (datagram.length === 0) return 'empty'
  if (datagram.length > maxBytes) return 'oversized'
  if (!isUtf8(datagram)) return 'not utf-8'
  const verdict = checkObject(datagram, deepest)
  return verdict === 'object' ? undefined : verdict
}

/**
 * Makes one line of a judged datagram, in place, lest a line break in it forge a second event. JSON
 * has raw line breaks only between its parts, where a space means the same.
 */
export function flatten(datagram: Uint8Array): void {
  for (const lineBreak of [0x0a, 0x0d]) {
    for (let at = datagram.indexOf(lineBreak); at !== -1; at = datagram.indexOf(lineBreak, at)) {
      datagram[at] = 0x20
    }
  }
}
