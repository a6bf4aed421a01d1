import { DuckDBDataChunk, type DuckDBAppender, INTEGER, TINYINT, VARCHAR } from '@duckdb/node-api'

import { flags, texts } from '../facts/columns.ts'
import type { Facts } from '../facts/facts.ts'
import type { Chunks } from '../read/lines.ts'
import { readFacts } from '../read/read.ts'
import type { Database } from './database.ts'
import { profileColumns, Profiles, valuesOf } from './profiles.ts'
import { rowColumns, Rows } from './rows.ts'

const noDay = -(2 ** 31)
const msPerDay = 86_400_000

/** Events on their way from lines into tables. */
export interface Staging {
  /** Reads every line; a segment's day counts before the event's own. Gives the unreadable lines. */
  readonly read: (chunks: Chunks, day: string | undefined) => Promise<number>
  readonly finish: () => void
}

/** The tables `loaded` and `profiles`, as they are filled, and the view `staged` over both. */
export async function openStaging({ connection, run }: Database): Promise<Staging> {
  await run(`CREATE OR REPLACE TABLE loaded (${rowColumns})`)
  await run(`CREATE OR REPLACE TABLE profiles (${profileColumns})`)
  const rowAppender = await connection.createAppender('loaded')
  const profileAppender = await connection.createAppender('profiles')
  const rows = new Rows()
  const profiles = new Profiles()
  const flushRows = () => {
    if (!rows.isEmpty) rowAppender.appendDataChunk(rows.take())
    appendProfiles(profileAppender, profiles)
  }
  const add = (day: number | undefined) => (facts: Facts) => {
    const { id, client, session, at, sequence, profile } = facts
    const ownDay = at === undefined ? noDay : Math.floor(at / msPerDay)
    rows.add([id, client, session], at ?? -1, sequence, day ?? ownDay, profiles.numberOf(profile))
    if (rows.isFull) flushRows()
  }
  return {
    read: async (chunks, day) => {
      const number = day === undefined ? undefined : Date.parse(day) / msPerDay
      return await readFacts(chunks, add(number))
    },
    finish: () => {
      flushRows()
      rowAppender.closeSync()
      profileAppender.closeSync()
    },
  }
}

const profileTypes = [INTEGER, ...texts.map(() => VARCHAR), ...flags.map(() => TINYINT)]

function appendProfiles(appender: DuckDBAppender, profiles: Profiles): void {
  const fresh = profiles.takeFresh()
  for (let from = 0; from < fresh.length; from += 2048) {
    const part = fresh.slice(from, from + 2048)
    const chunk = DuckDBDataChunk.create(profileTypes, part.length)
    chunk.setRows(part.map(([number, profile]) => valuesOf(number, profile)))
    appender.appendDataChunk(chunk)
  }
}
