import { DuckDBDataChunk, type DuckDBAppender, INTEGER, TINYINT, VARCHAR } from '@duckdb/node-api'

import { flags, texts } from '../facts/columns.ts'
import { Patterns } from '../patterns/patterns.ts'
import { readUuid } from '../patterns/uuid.ts'
import { type Blocks, lineAt } from '../read/lines.ts'
import { factsIn, isEmpty } from '../read/read.ts'
import type { Database } from './database.ts'
import { profileColumns, Profiles, valuesOf } from './profiles.ts'
import { rowColumns, Rows } from './rows.ts'

const noDay = -(2 ** 31)
const newline = 10
const msPerDay = 86_400_000

/** Events on their way from lines into tables. */
export interface Staging {
  /** Reads every line; a segment's day counts before the event's own. Gives the unreadable lines. */
  readonly read: (blocks: Blocks, day: string | undefined) => Promise<number>
  readonly finish: () => void
}

/** The tables `loaded` and `profiles`, as they are filled. */
export async function openStaging({ connection, run }: Database): Promise<Staging> {
  await run(`CREATE OR REPLACE TABLE loaded (${rowColumns})`)
  await run(`CREATE OR REPLACE TABLE profiles (${profileColumns})`)
  const rowAppender = await connection.createAppender('loaded')
  const profileAppender = await connection.createAppender('profiles')
  const rows = new Rows()
  const profiles = new Profiles()
  const patterns = new Patterns()
  const flushRows = () => {
    if (!rows.isEmpty) rowAppender.appendDataChunk(rows.take())
    appendProfiles(profileAppender, profiles)
  }
  const readLine = (line: string, day: number | undefined): boolean => {
    const facts = factsIn(line)
    if (facts === undefined) return false
    const { id, client, session, at, sequence, profile } = facts
    const number = profiles.numberOf(profile)
    patterns.learn(line, facts, number)
    const words = wordsOf(id, client, session)
    rows.add(words, 0, 1, 2, at ?? -1, sequence, day ?? dayAt(at), number)
    return true
  }
  const readBlock = (block: Buffer, day: number | undefined): number => {
    const view = new DataView(block.buffer, block.byteOffset, block.length)
    let unreadable = 0
    for (let start = 0; start < block.length;) {
      const known = patterns.find(block, view, start)
      if (known === undefined) {
        const end = block.indexOf(newline, start)
        const line = lineAt(block, start, end)
        if (!isEmpty(line) && !readLine(line, day)) unreadable += 1
        start = end + 1
      } else {
        const { id, client, session, profile } = known
        const at = known.at === -1 ? undefined : patterns.numbers[known.at]
        rows.add(patterns.uuids, id, client, session, at ?? -1, -1, day ?? dayAt(at), profile)
        start = patterns.end + 1
      }
      if (rows.isFull) flushRows()
    }
    return unreadable
  }
  return {
    read: async (blocks, day) => {
      const number = day === undefined ? undefined : Date.parse(day) / msPerDay
      let unreadable = 0
      for await (const block of blocks) unreadable += readBlock(block, number)
      return unreadable
    },
    finish: () => {
      flushRows()
      rowAppender.closeSync()
      profileAppender.closeSync()
    },
  }
}

function dayAt(at: number | undefined): number {
  return at === undefined ? noDay : Math.floor(at / msPerDay)
}

const [text, words] = [Buffer.alloc(36), new Uint32Array(12)]

function wordsOf(...ids: readonly [string, string, string]): Uint32Array {
  words.fill(0)
  for (const [index, id] of ids.entries()) {
    text.write(id, 'latin1')
    readUuid(text, 0, words, index * 4)
  }
  return words
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
