import { dayMs } from './timestamp.ts'

// The three spellings of a date that HTTP knows. Date.parse alone would take almost anything.
const httpDate = /^[A-Z][a-z]{2,8},? [\w -]+ [\d:]{8} (GMT|\d{4})$/

/** How long a Retry-After header asks us to wait; undefined when it asks for nothing clear. */
export function parseRetryAfter(
  header: string | null | undefined,
  now: number,
  longestMs = dayMs,
): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs)
  const time = httpDate.test(text) ? Date.parse(text.replace(/(:\d\d \d{4})$/, '$1 GMT')) : NaN
  return time >= 0 ? Math.min(Math.max(time - now, 0), longestMs) : undefined
}
