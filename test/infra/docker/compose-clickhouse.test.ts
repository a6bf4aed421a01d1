import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { readSettings } from '../../../infra/worker/src/settings.ts'
import { root } from '../../support/run.ts'

interface Service {
  readonly environment: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly configs?: readonly { readonly source: string }[]
  readonly secrets?: readonly string[]
  readonly [name: string]: unknown
}

const compose = parse(readFileSync(path.join(root, 'infra/compose.clickhouse.yaml'), 'utf8'), {
  merge: true,
}) as {
  services: Record<string, Service>
  configs: Record<string, { readonly file: string }>
  secrets: Record<string, { readonly environment: string }>
  volumes: Record<string, unknown>
}
const services = Object.entries(compose.services)
const replicas = services.filter(([name]) => name.startsWith('clickhouse-'))
const fileOf = (config: string) =>
  readFileSync(path.join(root, 'infra', compose.configs[config]?.file ?? ''), 'utf8')

describe('compose.clickhouse.yaml', () => {
  it('has three replicas, a Keeper and a worker, with minimal rights', () => {
    expect(services.map(([name]) => name)).toEqual([
      'keeper',
      'clickhouse-1',
      'clickhouse-2',
      'clickhouse-3',
      'worker',
    ])
    for (const [name, service] of services) {
      expect(service).toMatchObject({
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
      expect(service).not.toHaveProperty('privileged')
      expect(service.ports ?? []).toEqual(name === 'worker' ? ['127.0.0.1:8080:8080'] : [])
    }
  })

  it('gives the worker valid settings, and the password as a file', () => {
    const { environment, secrets } = compose.services['worker'] ?? { environment: {} }
    const settings = readSettings({ ...environment, INGESTION_KEY: 'k', RETENTION_DAYS: '400' })
    expect(settings.sink).toEqual({
      kind: 'clickhouse',
      urls: replicas.map(([name]) => `http://${name}:8123`),
      database: 'telemetry',
      user: 'telemetry',
      passwordFile: `/run/secrets/${secrets?.[0]}`,
      caFile: undefined,
      isReplicated: true,
      retentionDays: 400,
    })
    expect(compose.secrets[secrets?.[0] ?? '']?.environment).toBe('CLICKHOUSE_PASSWORD')
    expect(Object.values(environment).join()).not.toContain('PASSWORD')
  })

  it('gives each replica every variable of its configuration, and a disk of its own', () => {
    const files = fileOf('cluster') + fileOf('one-keeper')
    const asked = [...files.matchAll(/from_env="(\w+)"/g)].map(([, name = '']) => name)
    expect(asked.length).toBeGreaterThan(2)
    for (const [name, { environment, volumes }] of replicas) {
      expect(Object.keys(environment)).toEqual(expect.arrayContaining([...new Set(asked)]))
      expect(environment).toMatchObject({ REPLICA: name, CLICKHOUSE_USER: 'telemetry' })
      expect(volumes).toEqual([`${name}:/var/lib/clickhouse`])
      expect(compose.volumes).toHaveProperty(name)
    }
  })

  it('has replicas that look for Keeper where it listens', () => {
    const portOf = (text: string, tag: string) => new RegExp(`<${tag}>(\\d+)<`).exec(text)?.[1]
    expect(portOf(fileOf('one-keeper'), 'port')).toBe(portOf(fileOf('keeper'), 'tcp_port'))
    for (const [, { environment }] of replicas) expect(environment['KEEPER_HOST']).toBe('keeper')
    expect(fileOf('database')).toContain("ENGINE = Replicated('/clickhouse/databases/telemetry'")
  })
})
