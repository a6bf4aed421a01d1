interface Meaning {
  readonly cause: string
  readonly retryAfterMs?: number
  readonly isPassword?: boolean
}

const minute = 60_000

/** ClickHouse's error codes that an operator should recognise, in our words. */
const meanings: ReadonlyMap<number, Meaning> = new Map([
  [16, { cause: 'the table lacks a column' }],
  [60, { cause: 'the table is missing' }],
  [81, { cause: 'the database is missing', retryAfterMs: minute }],
  [159, { cause: 'took too long' }],
  [164, { cause: 'is read-only' }],
  [202, { cause: 'too many queries at once' }],
  [241, { cause: 'out of memory' }],
  [242, { cause: 'the replica is read-only' }],
  [243, { cause: 'the disk is full' }],
  [252, { cause: 'too many parts', retryAfterMs: 5000 }],
  [285, { cause: 'too few replicas' }],
  [319, { cause: 'does not know whether it stored the batch' }],
  [497, { cause: 'the user may not do this', retryAfterMs: minute }],
  [999, { cause: 'Keeper is away' }],
  ...[192, 193, 194, 516].map((code): [number, Meaning] => [
    code,
    { cause: 'the user or password is refused', retryAfterMs: minute, isPassword: true },
  ]),
])

/** Codes of values that don't fit the table. */
const misfits = new Set([6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 376])

/** What an answer other than 200 means. Its text is not shown: it quotes what was inserted. */
export function meaningOf(status: number, body: string): Meaning | 'refused' {
  const code = Number(/^Code: (\d{1,5})\b/.exec(body)?.[1] ?? Number.NaN)
  if (misfits.has(code)) return 'refused'
  const known = meanings.get(code)
  if (known !== undefined) return known
  if (status === 401 || status === 403) return meanings.get(516) ?? { cause: 'refused' }
  return { cause: Number.isNaN(code) ? `answered ${status}` : `error ${code}` }
}
