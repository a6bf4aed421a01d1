/** Reads `Retry-After`, in seconds or as a date. Anything else asks for nothing. */
export function parseRetryAfter(
  header: string | undefined,
  now: number,
  longestMs: number,
): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, longestMs)
  const time = /^[A-Z][a-z]{2}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : Math.min(Math.max(time - now, 0), longestMs)
}
