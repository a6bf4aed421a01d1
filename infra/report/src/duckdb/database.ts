import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'

import { temporaryFolder, untilEnd } from '../temporary.ts'

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

/** DuckDB inside this process, with bounds, and with a folder of its own for what does not fit. */
export interface Database {
  readonly connection: DuckDBConnection
  /** Tells now and then how much of it is done. */
  readonly run: (sql: string, told?: (percent: number) => void) => Promise<void>
  readonly rows: (sql: string) => Promise<readonly Row[]>
  readonly close: () => void
}

export interface Bounds {
  readonly memory: string
  readonly threads: number
  /** Where temporary files may lie. */
  readonly temporary: string
  /** A part of the memory that is kept for tables, which the C library would scatter. */
  readonly arena?: string
}

export async function openDatabase(bounds: Bounds): Promise<Database> {
  const { memory, threads, temporary, arena } = bounds
  const folder = temporaryFolder(temporary, Date.now())
  const remove = untilEnd(folder)
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: memory,
      threads: String(threads),
      temp_directory: folder,
      ...(arena !== undefined && { block_allocator_memory: arena }),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    })
    const connection = await instance.connect()
    return {
      connection,
      run: async (sql, told) => {
        if (told === undefined) return void (await connection.run(sql))
        await connection.run(
          'SET enable_progress_bar = true; SET enable_progress_bar_print = false',
        )
        const timer = setInterval(
          () => told(Math.max(0, Math.floor(connection.progress.percentage))),
          250,
        )
        try {
          await connection.run(sql)
        } finally {
          clearInterval(timer)
        }
      },
      rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjects().map(plain),
      close: () => {
        connection.closeSync()
        instance.closeSync()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

function plain(row: Readonly<Record<string, DuckDBValue>>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value === null ? null : typeof value === 'string' ? value : Number(value),
    ]),
  )
}

/** Text as SQL has it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
