import { BIGINT, DuckDBDataChunk, INTEGER, UUID } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

/** The columns that differ from event to event, in the order of the table of rows. */
const types = [UUID, UUID, UUID, BIGINT, BIGINT, INTEGER, INTEGER]

export const rowColumns =
  'id UUID, client UUID, session UUID, moment BIGINT, sequence BIGINT, day INTEGER, profile INTEGER'

const size = duckdb.vector_size()

/**
 * Fills DuckDB's vectors as raw memory, a few copies for 2,048 rows. A call for each value takes
 * longer than reading the JSON does.
 */
export class Rows {
  #count = 0
  readonly #ids = [0, 1, 2].map(() => new Uint32Array(size * 4))
  readonly #at = new Int32Array(size * 2)
  readonly #sequence = new Int32Array(size * 2)
  readonly #day = new Int32Array(size)
  readonly #profile = new Int32Array(size)

  get isFull(): boolean {
    return this.#count === size
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  add(
    ids: readonly [string, string, string],
    at: number,
    sequence: number,
    day: number,
    profile: number,
  ): void {
    const row = this.#count
    for (let index = 0; index < 3; index += 1) {
      writeUuid(ids[index] as string, this.#ids[index] as Uint32Array, row * 4)
    }
    writeBig(at, this.#at, row * 2)
    writeBig(sequence, this.#sequence, row * 2)
    this.#day[row] = day
    this.#profile[row] = profile
    this.#count += 1
  }

  /** Hands the rows over as a chunk, and begins again. */
  take(): DuckDBDataChunk {
    const chunk = DuckDBDataChunk.create(types, this.#count)
    const columns = [...this.#ids, this.#at, this.#sequence, this.#day, this.#profile]
    for (const [index, { buffer, byteLength }] of columns.entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
      duckdb.copy_data_to_vector(vector, 0, buffer, 0, (byteLength / size) * this.#count)
    }
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

const digits = new Uint8Array(128)
for (let value = 0; value < 16; value += 1) digits[value.toString(16).charCodeAt(0)] = value

/** DuckDB keeps a UUID as a number of 128 bits, lowest word first, with the sign flipped. */
function writeUuid(uuid: string, words: Uint32Array, at: number): void {
  words[at + 3] = (hex(uuid, 0, 4) << 16) ^ hex(uuid, 4, 8) ^ 0x8000_0000
  words[at + 2] = (hex(uuid, 9, 13) << 16) | hex(uuid, 14, 18)
  words[at + 1] = (hex(uuid, 19, 23) << 16) | hex(uuid, 24, 28)
  words[at] = (hex(uuid, 28, 32) << 16) | hex(uuid, 32, 36)
}

function hex(text: string, from: number, to: number): number {
  let value = 0
  for (let index = from; index < to; index += 1) {
    value = (value << 4) | (digits[text.charCodeAt(index)] as number)
  }
  return value
}
