import { limits } from './limits.ts'

export type Flaw = { readonly kind: 'depth' } | { readonly kind: 'twice'; readonly name: string }

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

/**
 * Whether `flawIn` has to look at the text of this value. Every name is followed by a colon, so a text with
 * no more colons than its value has names holds each name once.
 */
export function mayBeFlawed(text: string, value: unknown): boolean {
  return colonsIn(text) !== namesIn(value, limits.depth)
}

function colonsIn(text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) count += 1
  return count
}

/** Infinitely many if it is nested deeper than this. */
function namesIn(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === 0) return Number.POSITIVE_INFINITY
  const parts = Object.values(value)
  const own = Array.isArray(value) ? 0 : parts.length
  return parts.reduce<number>((sum, part) => sum + namesIn(part, depth - 1), own)
}

/**
 * Finds what JSON.parse accepts but other programs read differently: a name used twice in one
 * object, and excessive nesting. The text must be valid JSON.
 */
export function flawIn(text: string): Flaw | undefined {
  const open: (Set<string> | undefined)[] = []
  let names: Set<string> | undefined
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (open.length === limits.depth) return { kind: 'depth' }
        names = text.charCodeAt(at) === 0x7b ? new Set() : undefined
        open.push(names)
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        names = open.at(-1)
        break
      case quote: {
        const end = endOfString(text, at)
        if (names !== undefined && isName(text, end)) {
          const name = nameIn(text.slice(at, end))
          if (names.has(name)) return { kind: 'twice', name }
          names.add(name)
        }
        at = end - 1
        break
      }
      default:
    }
  }
  return undefined
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = end
    while (text.charCodeAt(escapes - 1) === backslash) escapes -= 1
    // An even number of backslashes escape each other, and not the quotation mark.
    if ((end - escapes) % 2 === 0) return end + 1
  }
}

function nameIn(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
}

/** In valid JSON, a string followed by a colon is a name. */
function isName(text: string, end: number): boolean {
  let at = end
  while (text.charCodeAt(at) <= 0x20) at += 1
  return text.charCodeAt(at) === colon
}
