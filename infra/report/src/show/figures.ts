import { numberIn, type Row } from '../questions/question.ts'
import { type Rate, rateOf } from '../questions/wilson.ts'

/** `12,345` */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `96.0 %` */
export function percent(share: number | null, digits = 1): string {
  if (share === null) return '–'
  const text = hundredths(share, digits)
  // What is there is never shown as nothing.
  return share > 0 && Number(text) === 0 ? `< ${text.replace(/0$/, '1')} %` : `${text} %`
}

/** `95.5–96.4`, the interval of a share in per cent. Whole per cent are rounded outwards. */
export function interval({ low, high }: Rate, digits = 1): string {
  if (low === null || high === null) return '–'
  if (digits === 0) return `${Math.floor(low * 100)}–${Math.ceil(high * 100)}`
  return `${hundredths(low, digits)}–${hundredths(high, digits)}`
}

/** Below one per cent with a digit more: 0.04 would be nothing otherwise. */
function hundredths(share: number, digits: number): string {
  const isSmall = digits > 0 && share > 0 && share < 0.01
  return (share * 100).toFixed(isSmall ? digits + 1 : digits)
}

/** What is hidden is shown as such, and is no zero. */
export function count(row: Row, name: string): string {
  const value = row[name]
  return typeof value === 'number' ? whole(value) : '–'
}

/** The share of one column in the sum of others, where all of them may be seen. */
export function rateIn(row: Row, hits: string, ...all: readonly string[]): Rate {
  const isHidden = [hits, ...all].some((name) => typeof row[name] !== 'number')
  if (isHidden) return { share: null, low: null, high: null }
  return rateOf(
    numberIn(row, hits),
    all.reduce((sum, name) => sum + numberIn(row, name), 0),
  )
}

export function plural(number: number, noun: string): string {
  return `${whole(number)} ${noun}${number === 1 ? '' : 's'}`
}
