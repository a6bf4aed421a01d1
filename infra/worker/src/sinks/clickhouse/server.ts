import { readFile } from 'node:fs/promises'

import { steadyNow } from 'runmat-telemetry-common/clock'
import { type HttpPoster, openHttpPoster } from 'runmat-telemetry-common/http-poster'
import type { Trouble } from 'runmat-telemetry-common/sink'

import { limits } from '../../limits.ts'
import type { ClickHouseSettings } from '../../sink-settings.ts'
import { causeOf } from '../sink-poster.ts'
import { meaningOf } from './errors.ts'

/** `refused`: the server will never take this. */
export type Answer = { readonly text: string } | 'refused' | Trouble

/** One ClickHouse server, over HTTP. */
export interface Server {
  /** Never rejects. Reads the password again after the server refused it. */
  readonly ask: (sql: string, deadline: number) => Promise<Answer>
  readonly close: () => void
}

export const connections = 4

const minute = 60_000

export function openServer(address: string, settings: ClickHouseSettings): Server {
  const url = new URL(address)
  url.searchParams.set('database', settings.database)
  // An error after the first bytes of an answer would come with status 200.
  url.searchParams.set('wait_end_of_query', '1')
  let poster: HttpPoster | undefined

  const open = async (): Promise<HttpPoster | Trouble> => {
    const [password, ca] = await Promise.all([
      bytesIn(settings.passwordFile),
      bytesIn(settings.caFile),
    ])
    // A header's text is its bytes, so that a password in UTF-8 arrives as it is.
    const key = password?.toString('latin1').replace(/\r?\n$/, '')
    // oxlint-disable-next-line no-control-regex -- what no header may hold
    if (key !== undefined && /[\0-\b\n-\u001F\u007F]/.test(key)) {
      return trouble("the password's file holds more than one line", minute)
    }
    return openHttpPoster({
      url,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'user-agent': 'runmat-telemetry-worker',
        'x-clickhouse-user': settings.user,
        ...(key !== undefined && { 'x-clickhouse-key': key }),
      },
      connections,
      longestRetryAfterMs: limits.retryAfterMs,
      longestAnswerBytes: limits.sinkAnswerBytes,
      ca: ca?.toString(),
    })
  }

  return {
    ask: async (sql, deadline) => {
      const left = deadline - steadyNow()
      if (left <= 0) return trouble('no answer in time')
      try {
        const opened = poster ?? (await open())
        if ('cause' in opened) return opened
        poster = opened
      } catch {
        return trouble("the password's or the authority's file can't be read")
      }
      const result = await poster.post(Buffer.from(sql), left)
      if (result.kind === 'failed') return trouble(causeOf(result.reason))
      if (result.status === 200) return { text: result.body }
      const meaning = meaningOf(result.status, result.body)
      if (meaning === 'refused') return meaning
      if (meaning.isPassword) {
        poster.close()
        poster = undefined
      }
      return trouble(meaning.cause, result.retryAfterMs ?? meaning.retryAfterMs)
    },
    close: () => poster?.close(),
  }
}

export function trouble(cause: string, retryAfterMs?: number): Trouble {
  return { cause: `ClickHouse: ${cause}`, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

async function bytesIn(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : await readFile(file)
}
