import type { Rate } from '../questions/wilson.ts'

/** `12,345` */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `96.0 %` */
export function percent(share: number | null, digits = 1): string {
  return share === null ? '–' : `${(share * 100).toFixed(digits)} %`
}

/** `95.5–96.4`, the interval of a share in per cent. */
export function interval({ low, high }: Rate): string {
  return low === null || high === null
    ? '–'
    : `${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)}`
}

export function plural(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`
}
