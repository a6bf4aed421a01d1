import type { Table } from './table.ts'

/** What `contract/fit.ts` does, for a table: the same claim gives the same value. */
export function fitTable(table: Table, claim: unknown): unknown {
  if (typeof table === 'string' || !('names' in table)) {
    return accepts(table, claim) ? claim : undefined
  }
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined
  const fitted: Record<string, unknown> = {}
  for (const [name, inner, isRequired] of table.names) {
    const value = fitTable(inner, own(claim, name))
    if (value !== undefined) fitted[name] = value
    else if (isRequired) return undefined
  }
  return fitted
}

function accepts(table: Table, value: unknown): boolean {
  if (table === 'boolean') return typeof value === 'boolean'
  if ('words' in table) return table.words.includes(value)
  if ('any' in table) return table.any.some((one) => accepts(one, value))
  if ('pattern' in table) {
    const { pattern, longest = Infinity } = table
    return typeof value === 'string' && value.length <= longest && RegExp(pattern).test(value)
  }
  if ('least' in table) {
    const { least, most, isWhole } = table
    if (typeof value !== 'number' || (isWhole && !Number.isInteger(value))) return false
    return value >= least && value <= most
  }
  return false
}

function own(claim: object, name: string): unknown {
  try {
    return Object.hasOwn(claim, name) ? (claim as Record<string, unknown>)[name] : undefined
  } catch {
    // A host's getter or proxy that throws says nothing.
    return undefined
  }
}
