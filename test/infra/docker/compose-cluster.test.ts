import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { readSettings } from '../../../infra/worker/src/settings.ts'
import { tempHome } from '../../support/home.ts'
import { root } from '../../support/run.ts'

interface Service {
  readonly environment: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes: readonly string[]
  readonly configs: readonly { readonly source: string; readonly target: string }[]
  readonly [name: string]: unknown
}

const compose = parse(readFileSync(path.join(root, 'infra/compose.cluster.yaml'), 'utf8'), {
  merge: true,
}) as {
  services: Record<string, Service>
  configs: Record<string, { readonly file?: string; readonly content?: string }>
  volumes: Record<string, unknown>
}
const services = Object.entries(compose.services)
const like = (what: string) => services.filter(([name]) => name.startsWith(what))
const given = { INGESTION_KEY: 'k', BUFFER_INGEST_PASSWORD: 'i', BUFFER_DELIVER_PASSWORD: 'd' }

function filled(text: string): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind, otherwise) => {
    const value = (given as Readonly<Record<string, string>>)[name]
    return value ?? (kind === '-' ? String(otherwise) : '')
  })
}

function settingsOf({ environment }: Service) {
  const file = tempHome().write('credentials', 'a:b')
  const env = Object.entries(environment).map(([name, value]) => [name, filled(value)])
  return readSettings({ ...Object.fromEntries(env), BUFFER_CREDS_FILE: file })
}

describe('compose.cluster.yaml', () => {
  it('has three servers, two receivers and two deliverers, with minimal rights', () => {
    expect([like('nats').length, like('ingest').length, like('deliver').length]).toEqual([3, 2, 2])
    expect(services).toHaveLength(7)
    for (const [, service] of services) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
      expect(service).not.toHaveProperty('privileged')
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:8080$/)
    }
  })

  it('gives each worker valid settings and no more than it needs', () => {
    const servers = like('nats').map(([name]) => `nats://${name}:4222`)
    for (const [, service] of like('ingest')) {
      expect(settingsOf(service)).toMatchObject({
        role: 'ingest',
        keys: ['k'],
        buffer: { servers },
      })
      expect(JSON.stringify(service)).not.toMatch(/POSTHOG|DELIVER/)
    }
    const files = like('deliver').map(([, service]) => {
      const settings = settingsOf(service)
      expect(settings).toMatchObject({ role: 'deliver', buffer: { servers } })
      expect(JSON.stringify(service)).not.toMatch(/INGESTION_KEY|INGEST_/)
      return JSON.stringify(settings.sink)
    })
    expect(new Set(files).size).toBe(2)
  })

  it('gives each worker credentials that the servers know', () => {
    for (const role of ['ingest', 'deliver']) {
      expect(filled(compose.configs[role]?.content ?? '')).toBe(`${role}:${role[0]}`)
      for (const [, { configs, environment }] of like(role)) {
        expect(configs).toEqual([{ source: role, target: environment['BUFFER_CREDS_FILE'] }])
      }
    }
  })

  it('gives the servers every variable of nats.conf, and a disk each', () => {
    const conf = readFileSync(path.join(root, 'infra/nats/nats.conf'), 'utf8')
    const asked = new Set([...conf.matchAll(/\$(BUFFER_\w+)/g)].map(([, name]) => name))
    for (const [name, { environment, volumes }] of like('nats')) {
      expect(new Set(Object.keys(environment))).toEqual(asked)
      expect(environment).toMatchObject({ BUFFER_SERVER: name, BUFFER_STORE: '/data' })
      expect(volumes).toEqual([`${name}:/data`])
      expect(compose.volumes).toHaveProperty(name)
      for (const [peer] of like('nats'))
        expect(environment['BUFFER_ROUTES']).toContain(`@${peer}:6222`)
    }
    for (const { file } of Object.values(compose.configs)) {
      if (file !== undefined) readFileSync(path.join(root, 'infra', file))
    }
  })
})
