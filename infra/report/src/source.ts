import type { Row } from './questions/question.ts'

export interface Coverage {
  readonly events: number
  readonly repeated: number
  readonly unreadable: number
  readonly undated: number
  readonly from: string | null
  readonly until: string | null
}

/** Events that can be asked: a table `facts`, wherever it lies. */
export interface Source {
  readonly coverage: () => Promise<Coverage>
  readonly rows: (sql: string) => Promise<readonly Row[]>
  readonly close: () => void
}
