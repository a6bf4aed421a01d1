import type { Coverage } from '../source.ts'
import { plural, whole } from './figures.ts'

/** What the figures rest on, in one line. */
export function coverageLine(
  { events, repeated, unreadable, undated, from, until }: Coverage,
  { isRounded = false }: { isRounded?: boolean } = {},
): string {
  if (events === 0) {
    return unreadable === 0 ? 'No events.' : `No events. ${plural(unreadable, 'line')} unreadable.`
  }
  const period = from === null ? [] : [from === until ? from : `${from} to ${until}`]
  return [
    ...period,
    `${isRounded ? 'about ' : ''}${plural(events, 'event')}`,
    `${whole(repeated)} repeated`,
    `${plural(unreadable, 'line')} unreadable`,
    ...(undated === 0 ? [] : [`${whole(undated)} without a day`]),
  ].join(', ')
}
