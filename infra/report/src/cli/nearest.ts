/** The known word that was probably meant: at most a third of its letters differ, as with one typo. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const word of known) {
    const edits = distance(given.toLowerCase(), word)
    const most = Math.max(1, Math.floor(Math.max(given.length, word.length) / 3))
    if (edits <= most && edits < least) [best, least] = [word, edits]
  }
  return best
}

/** Letters to add, remove, change, or swap with the next one. */
function distance(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, index) => index)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= right.length; j += 1) {
      const change = at(i - 1, j - 1) + Number(left[i - 1] !== right[j - 1])
      row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, change)
      const isSwapped = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (i > 1 && j > 1 && isSwapped) row[j] = Math.min(at(i, j), at(i - 2, j - 2) + 1)
    }
  }
  return at(left.length, right.length)
}
