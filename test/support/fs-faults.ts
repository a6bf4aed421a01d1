import path from 'node:path'

import type { Home } from './home.ts'

export interface FsFaults {
  /**
   * A file that gets a line for each call: `create a`, `fsync a`, `rename a -> b`, `link a -> b`,
   * `list a`, `remove a`.
   */
  readonly log?: string
  /** Calls that fail with ENOSPC; also `open a`, to read it, which fails with EIO. */
  readonly fail?: RegExp
  /** How often such calls fail; always if not given. */
  readonly times?: number
  /** Calls fail only while this file exists; `during`.met appears when one does. */
  readonly during?: string
  /** Calls that wait until the file `go` exists; `go`.held appears when one waits. */
  readonly hold?: { readonly call: RegExp; readonly go: string }
}

/** The environment of a process of Node whose calls of the file system go through fs-faults.cjs. */
export function withFsFaults(
  home: Home,
  { log, fail, times, during, hold }: FsFaults,
): Record<string, string> {
  const hook = path.join(import.meta.dirname, 'fs-faults.cjs')
  return {
    NODE_OPTIONS: `${home.env['NODE_OPTIONS'] ?? ''} --require=${hook}`,
    ...(log !== undefined && { TEST_FS_LOG: log }),
    ...(fail !== undefined && { TEST_FS_FAIL: fail.source }),
    ...(times !== undefined && { TEST_FS_TIMES: String(times) }),
    ...(during !== undefined && { TEST_FS_WHILE: during }),
    ...(hold !== undefined && { TEST_FS_HOLD: hold.call.source, TEST_FS_GO: hold.go }),
  }
}
