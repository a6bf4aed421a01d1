import { dayMs } from '../contract/timestamp.ts'

/** Times as people say them. JSON keeps ISO 8601. */

const units = [
  { ms: dayMs, name: 'day' },
  { ms: 60 * 60 * 1000, name: 'hour' },
  { ms: 60 * 1000, name: 'minute' },
  { ms: 1000, name: 'second' },
] as const

/** `2 minutes ago`; a date where that is clearer, and for times that the clock can't have seen yet. */
export function ago(then: number, now: number): string {
  const elapsed = now - then
  if (Number.isNaN(elapsed)) return 'at an unknown time'
  if (elapsed < -60_000 || elapsed > 60 * dayMs) return `on ${dateOf(then)}`
  if (elapsed < 5000) return 'just now'
  return `${span(elapsed)} ago`
}

/** `about 40 seconds`: how long something is away. */
export function span(milliseconds: number): string {
  const { ms, name } = units.find((unit) => milliseconds >= unit.ms) ?? units[3]
  const count = Math.max(1, Math.round(milliseconds / ms))
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/** `2026-11-29 18:31 UTC`, where nothing is left to count from. */
export function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function dateOf(time: number): string {
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15
    ? new Date(time).toISOString().slice(0, 10)
    : 'an impossible date'
}
