import { existsSync } from 'node:fs'
import path from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'

export type Lock =
  | { readonly state: 'held'; readonly release: () => void }
  | { readonly state: 'busy' }
  | { readonly state: 'closed'; readonly reason: string }

const name = '.runmat-telemetry-report.lock'

/**
 * One report at a time converts a folder. The lock is a database of DuckDB's, which the system
 * unlocks when the process ends, however it ends.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const file = path.join(folder, name)
  try {
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_WRITE', threads: '1' })
    return { state: 'held', release: () => instance.closeSync() }
  } catch (error) {
    const { message } = error as Error
    if (/conflicting lock|already open|being used/i.test(message)) return { state: 'busy' }
    return { state: 'closed', reason: existsSync(file) ? message : `can't write into ${folder}` }
  }
}
