import { limits } from './limits.ts'

export type Flaw = { readonly kind: 'depth' } | { readonly kind: 'twice'; readonly name: string }

/**
 * Finds what JSON.parse accepts but other programs read differently: a name used twice in one
 * object, and excessive nesting. The text must be valid JSON.
 */
export function flawIn(text: string): Flaw | undefined {
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
      case '[':
        if (open.length === limits.depth) return { kind: 'depth' }
        open.push(text[at] === '{' ? new Set() : undefined)
        break
      case '}':
      case ']':
        open.pop()
        break
      case '"': {
        const end = endOfString(text, at)
        const names = open.at(-1)
        if (names !== undefined && isName(text, end)) {
          const name = JSON.parse(text.slice(at, end)) as string
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
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** In valid JSON, a string followed by a colon is a name. */
function isName(text: string, end: number): boolean {
  let at = end
  while (/\s/.test(text[at] ?? '')) at += 1
  return text[at] === ':'
}
