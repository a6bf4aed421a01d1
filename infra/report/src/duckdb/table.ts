import { flags, texts } from '../facts/columns.ts'

/** The columns of the table `facts`, in Parquet as well. */
export const factColumns = [
  'id',
  'client',
  'session',
  'moment',
  'sequence',
  'day',
  ...texts,
  ...flags,
].join(', ')

const nil = "'00000000-0000-0000-0000-000000000000'::UUID"

/** The same of the tables that are loaded, each event once; `day` as it is given. */
export function selectLoaded(day: string): string {
  return `
SELECT l.id, NULLIF(l.client, ${nil}) AS client, NULLIF(l.session, ${nil}) AS session,
  NULLIF(l.moment, -1) AS moment, l.sequence, ${day} AS day,
  ${[...texts, ...flags].map((name) => `p.${name}`).join(', ')}
FROM loaded AS l JOIN profiles AS p USING (profile)
WHERE NOT EXISTS (SELECT 1 FROM repeats AS r WHERE r.id = l.id AND r.first <> l.rowid)`
}

export const ownDay = `CASE WHEN l.day = -2147483648 THEN 'unknown'
  ELSE strftime(DATE '1970-01-01' + l.day, '%Y-%m-%d') END`

/** Ids that come more than once, with the row that counts: none (-1) where an earlier day has it. */
export function findRepeats(earlier: readonly string[]): readonly string[] {
  const sql = [
    `CREATE OR REPLACE TABLE repeats AS SELECT id, min(rowid) AS first FROM loaded
     WHERE id IN (SELECT id FROM loaded WHERE again = 1) GROUP BY id HAVING count(*) > 1`,
  ]
  if (earlier.length > 0) {
    sql.push(
      `CREATE OR REPLACE TABLE before AS SELECT DISTINCT id FROM read_parquet([${earlier.join(', ')}])
       WHERE id IN (SELECT id FROM loaded)`,
      'DELETE FROM repeats WHERE id IN (SELECT id FROM before)',
      'INSERT INTO repeats SELECT id, -1 FROM before',
      'DROP TABLE before',
    )
  }
  return sql
}
