import { printable } from './show/text.ts'

/** What is said meanwhile to a person who waits. */
export interface Progress {
  /** Replaces what was said last, and is erased in the end. Nothing but a terminal shows it. */
  readonly step: (text: string) => void
  /** Stays. */
  readonly note: (text: string) => void
}

const erased = '\r\u001B[K'

export function progressOn(
  write: (text: string) => void,
  { isErr, columns }: { readonly isErr: boolean; readonly columns: number | undefined },
): Progress & { readonly end: () => void } {
  // A line that breaks could not be erased.
  const most = Math.max(20, columns || 80) - 3
  let shown = ''
  const show = (text: string) => {
    if (!isErr || text === shown) return
    write(text === '' ? erased : `${erased}${text}`)
    shown = text
  }
  return {
    step: (text) => show(`${printable(text).slice(0, most)} …`),
    note: (text) => {
      show('')
      write(`${printable(text)}\n`)
    },
    end: () => show(''),
  }
}

/** Whole per cent, so that a step is shown a hundred times at most. Of a pipe, nobody knows the size. */
export function amountOf(bytes: number, size: number): string {
  if (size === 0) return `${Math.floor(bytes / 1e6)} MB`
  return `${Math.floor(Math.min(1, bytes / size) * 100)} %`
}
