import { describe, expect, it } from 'vitest'

import { readSettings } from '../../../infra/worker/src/settings.ts'
import { type Block, find, readConfiguration, render, textOf } from './configuration.ts'

const configuration = readConfiguration()
const { locals, resources, variables } = configuration

describe('ClickHouse behind the buffer', () => {
  const deliver = resources.get('google_cloud_run_v2_service.deliver') as Block
  const environment = textOf(locals['clickhouse_environment'])

  it('gets settings that the delivering worker takes', () => {
    const given = [...environment.matchAll(/"?([A-Z][A-Z_]+)"?\s*[=:]\s*("[^"]*"|[\w.]+)/g)]
    const names = given.map(([, name = '']) => name)
    expect(names).toEqual([
      'CLICKHOUSE_URL',
      'CLICKHOUSE_DATABASE',
      'CLICKHOUSE_USER',
      'CLICKHOUSE_PASSWORD_FILE',
      'CLICKHOUSE_REPLICATED',
      'RETENTION_DAYS',
    ])
    const defaults = ['database', 'user', 'retention_days'].map((name) =>
      textOf(variables[`clickhouse_${name}`]?.['default']),
    )
    const [database = '', user = '', days = ''] = defaults
    const settings = readSettings({
      ROLE: 'deliver',
      BUFFER_URL: 'nats://127.0.0.1:1',
      POSTHOG_API_KEY: 'phc_1',
      CLICKHOUSE_URL: 'https://a.example:8443,https://b.example:8443',
      CLICKHOUSE_DATABASE: database,
      CLICKHOUSE_USER: user,
      CLICKHOUSE_REPLICATED: '1',
      RETENTION_DAYS: days,
    })
    expect(settings.clickHouse).toMatchObject({ user, database, retentionDays: Number(days) })
    expect(variables['clickhouse_url']?.['default']).toBe('')
  })

  it('has its password in a file that only the delivering worker can read', () => {
    const mounted = find(deliver, 'mount_path')
    expect(mounted).toContain('/run/clickhouse')
    expect(environment).toContain('/run/clickhouse/password')
    const secret = resources.get('google_secret_manager_secret.clickhouse') as Block
    expect(render(textOf(secret['secret_id']), configuration)).toContain('runmat-telemetry-')
    const { member } = resources.get('google_secret_manager_secret_iam_member.clickhouse') as Block
    expect(member).toBe('${google_service_account.deliver.member}')
  })
})
