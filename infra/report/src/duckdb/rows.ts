import { BIGINT, DuckDBDataChunk, INTEGER, TINYINT, UUID } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

import { Seen } from './seen.ts'

/** The columns that differ from event to event, in the order of the table of rows. */
const types = [UUID, UUID, UUID, BIGINT, BIGINT, INTEGER, INTEGER, TINYINT]

/** `again` is 0 where the id is surely not that of an earlier row. */
export const rowColumns =
  'id UUID, client UUID, session UUID, moment BIGINT, sequence BIGINT, day INTEGER, profile INTEGER, again TINYINT'

const size = duckdb.vector_size()

const columnOfIds = () => new Uint32Array(size * 4)

/**
 * Fills DuckDB's vectors as raw memory, a few copies for 2,048 rows. A call for each value takes
 * longer than reading the JSON does.
 */
export class Rows {
  /** One for all: V8 doesn't know how much memory of DuckDB's waits for its garbage collector. */
  readonly #chunk = DuckDBDataChunk.create(types)
  #count = 0
  readonly #ids = [columnOfIds(), columnOfIds(), columnOfIds()] as const
  readonly #at = new Int32Array(size * 2)
  readonly #sequence = new Int32Array(size * 2)
  readonly #day = new Int32Array(size)
  readonly #profile = new Int32Array(size)
  readonly #again = new Int8Array(size)
  readonly #seen = new Seen()

  get isFull(): boolean {
    return this.#count === size
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** The ids are at these places in `uuids`, four words each; -1 for none. */
  add(
    uuids: Uint32Array,
    id: number,
    client: number,
    session: number,
    at: number,
    sequence: number,
    day: number,
    profile: number,
  ): void {
    const row = this.#count
    const [ids, clients, sessions] = this.#ids
    writeUuid(uuids, id, ids, row)
    writeUuid(uuids, client, clients, row)
    writeUuid(uuids, session, sessions, row)
    writeBig(at, this.#at, row * 2)
    writeBig(sequence, this.#sequence, row * 2)
    this.#day[row] = day
    this.#profile[row] = profile
    this.#again[row] = this.#seen.add(ids, row * 4) ? 1 : 0
    this.#count += 1
  }

  /** Hands the rows over as a chunk that lasts until the next one is taken, and begins again. */
  take(): DuckDBDataChunk {
    const chunk = this.#chunk
    const columns = [...this.#ids, this.#at, this.#sequence, this.#day, this.#profile, this.#again]
    for (const [index, { buffer, byteLength }] of columns.entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
      duckdb.copy_data_to_vector(vector, 0, buffer, 0, (byteLength / size) * this.#count)
    }
    chunk.rowCount = this.#count
    this.#count = 0
    return chunk
  }
}

const word = 2 ** 32

/** A whole number as 64 bits, lowest word first. A BigInt for each would be made only to be dropped. */
function writeBig(value: number, words: Int32Array, at: number): void {
  const high = Math.floor(value / word)
  words[at] = value - high * word
  words[at + 1] = high
}

/** DuckDB keeps a UUID as a number of 128 bits, lowest word first, with the sign flipped. */
function writeUuid(uuids: Uint32Array, from: number, column: Uint32Array, row: number): void {
  const to = row * 4
  if (from === -1) {
    column.fill(0, to, to + 3)
    column[to + 3] = 0x8000_0000
    return
  }
  const at = from * 4
  column[to] = uuids[at] as number
  column[to + 1] = uuids[at + 1] as number
  column[to + 2] = uuids[at + 2] as number
  column[to + 3] = (uuids[at + 3] as number) ^ 0x8000_0000
}
