import type { Row } from '../questions/question.ts'
import type { Window } from '../days.ts'
import { text } from '../questions/question.ts'

/**
 * Puts `facts` before a question: each event once, on the day it first arrived. The table's engine
 * merges repeats of one day, some day; those of several days it never does.
 */
export function over(sql: string, window: Window, table: string): string {
  const facts = `facts AS (SELECT * FROM (SELECT * FROM ${table} ORDER BY day LIMIT 1 BY id) WHERE ${windowed(window)})`
  const rest = sql.trim()
  const whole = rest.startsWith('WITH ')
    ? `WITH ${facts}, ${rest.slice(5)}`
    : `WITH ${facts} ${rest}`
  return `${whole} FORMAT JSON`
}

export function windowed({ since, until }: Window): string {
  const parts = [
    ...(since === undefined ? [] : [`day >= ${text(since)}`]),
    ...(until === undefined ? [] : [`day <= ${text(until)}`]),
    ...(since === undefined && until === undefined ? [] : ["day <> 'unknown'"]),
  ]
  return parts.length === 0 ? '1 = 1' : parts.join(' AND ')
}

interface Result {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly Readonly<Record<string, string | number | null>>[]
}

/** Whole numbers come as text, and which text is a number the types say. */
export function rowsIn(json: string): readonly Row[] {
  const { meta, data } = JSON.parse(json) as Result
  const isNumber = new Map(meta.map(({ name, type }) => [name, /Int|Float/.test(type)]))
  return data.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value === null ? null : isNumber.get(name) === true ? Number(value) : String(value),
      ]),
    ),
  )
}
