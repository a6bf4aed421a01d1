import type { Trouble } from 'runmat-telemetry-common/sink'

import { type Answer, trouble } from './server.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Deletes the rows of these clients and events, and looks whether any is left. Undefined: none is. */
export async function eraseRows(
  ids: readonly string[],
  table: string,
  ask: (sql: string) => Promise<Answer>,
): Promise<Trouble | undefined> {
  // Of anything else there can be no row.
  const valid = ids.filter((id) => uuid.test(id))
  if (valid.length === 0) return undefined
  const list = valid.map((id) => `'${id}'`).join(', ')
  const which = `client IN (${list}) OR id IN (${list})`
  const rows = async () => await ask(`SELECT count() FROM ${table} WHERE ${which} FORMAT TSV`)
  const before = await rows()
  if (before === 'refused') return trouble('a query is refused')
  if ('cause' in before) return before
  if (before.text.trim() === '0') return undefined
  // 2: every replica has rewritten its parts when this answers. A plain DELETE only hides rows.
  const deleted = await ask(
    `ALTER TABLE ${table} DELETE WHERE ${which} SETTINGS mutations_sync = 2`,
  )
  if (deleted === 'refused') return trouble('a deletion is refused')
  if ('cause' in deleted) return deleted
  const left = await rows()
  if (left === 'refused') return trouble('a query is refused')
  if ('cause' in left) return left
  return left.text.trim() === '0' ? undefined : trouble('rows are left after a deletion')
}
