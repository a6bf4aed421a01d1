import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'

import { reasonOf } from '../error.ts'
import { untilEnd } from '../temporary.ts'

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
  const lock = await take(file)
  if (lock.state !== 'closed') return lock
  if (!existsSync(file)) return { state: 'closed', reason: `can't write into ${folder}` }
  try {
    await mend(file)
  } catch (error) {
    return { state: 'closed', reason: reasonOf(error) }
  }
  return await take(file)
}

async function take(file: string): Promise<Lock> {
  try {
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_WRITE', threads: '1' })
    return { state: 'held', release: () => instance.closeSync() }
  } catch (error) {
    const { message } = error as Error
    if (/conflicting lock|already open|being used/i.test(message)) return { state: 'busy' }
    return { state: 'closed', reason: reasonOf(error) }
  }
}

/**
 * A full disk or a kill left half of it. It is mended in place: another process may have done the same
 * and hold it by now, and what the system locks is this very file.
 */
async function mend(file: string): Promise<void> {
  const whole = `${file}.${process.pid}.tmp`
  const remove = untilEnd(whole)
  try {
    const instance = await DuckDBInstance.create(whole, { threads: '1' })
    instance.closeSync()
    writeFileSync(file, readFileSync(whole), { flag: 'r+' })
  } finally {
    remove()
  }
}
