import { type EnvironmentReader, problemOfAddress } from 'runmat-telemetry-common/environment'

import type { ClickHouseSettings } from './sink-settings.ts'

const near = {
  what: 'this machine or a container beside it',
  // A name without a dot is a container on the same network.
  is: (name: string) => ['127.0.0.1', '[::1]'].includes(name) || /^[a-z0-9_-]+$/.test(name),
}

const name = /^[A-Za-z_]\w{0,63}$/

/** Undefined without CLICKHOUSE_URL. */
export function clickHouseOf(reader: EnvironmentReader): ClickHouseSettings | undefined {
  const { text, flag, integer, fault } = reader
  const given = (text('CLICKHOUSE_URL') ?? '').split(',').map((url) => url.trim())
  const urls = given.filter((url) => url !== '')
  const isReplicated = flag('CLICKHOUSE_REPLICATED')
  const database = text('CLICKHOUSE_DATABASE') ?? 'default'
  const user = text('CLICKHOUSE_USER') ?? 'default'
  if (urls.length === 0) return undefined
  const days = integer('RETENTION_DAYS', 1, 36_500, 0)
  const problem = urls.map((url) => problemOfAddress(url, 'https://clickhouse.example:8443', near))
  const first = problem.find((one) => one !== undefined)
  if (first !== undefined) fault('CLICKHOUSE_URL', first)
  if (urls.length > 1 && !isReplicated) {
    fault('CLICKHOUSE_URL', 'names several servers, which is for CLICKHOUSE_REPLICATED=1')
  }
  if (!name.test(database)) fault('CLICKHOUSE_DATABASE', 'must be a plain name')
  if (!/^[\u0021-\u007e]{1,128}$/.test(user)) fault('CLICKHOUSE_USER', 'must be visible ASCII')
  return {
    kind: 'clickhouse',
    urls,
    database,
    user,
    passwordFile: text('CLICKHOUSE_PASSWORD_FILE'),
    caFile: text('CLICKHOUSE_CA_FILE'),
    isReplicated,
    retentionDays: days === 0 ? undefined : days,
  }
}
