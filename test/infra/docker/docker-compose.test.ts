import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { readSettings as readForwarderSettings } from '../../../infra/udp-forwarder/src/settings.ts'
import { readSettings as readWorkerSettings } from '../../../infra/worker/src/settings.ts'
import { root } from '../../support/run.ts'
import { readConfiguration, textOf } from '../terraform/configuration.ts'
import { variablesReadBy } from '../variables.ts'
import { environmentOf, parseDockerfile, stepsOf } from './dockerfile.ts'

interface Service {
  readonly build: { readonly context: string; readonly dockerfile: string }
  readonly environment: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly volumes?: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly [name: string]: unknown
}

const file = path.join(root, 'infra/compose.yaml')
const compose = parse(readFileSync(file, 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const services = Object.entries(compose.services)

/** A service's variables, with the caller's values filled in. */
function environment(name: string, given: Readonly<Record<string, string>>) {
  const entries = Object.entries(compose.services[name]?.environment ?? {})
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      value.replaceAll(
        /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
        (_, variable: string, kind, otherwise) => {
          return given[variable] ?? (kind === '-' ? String(otherwise) : '')
        },
      ),
    ]),
  )
}

const imageOf = ({ build }: Service) =>
  parseDockerfile(
    readFileSync(path.resolve(path.dirname(file), build.context, build.dockerfile), 'utf8'),
  ).at(-1)

describe.each(services)('%s in compose.yaml', (name, service) => {
  it('runs with minimal rights', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
    expect(service).not.toHaveProperty('privileged')
    expect(service).not.toHaveProperty('user')
  })

  it('listens on this machine only', () => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1(\/udp)?$/)
  })

  it('gets only variables that it reads', () => {
    const read = variablesReadBy(name)
    const unread = Object.keys(service.environment).filter((one) => !read.has(one))
    expect(unread).toEqual([])
  })

  it('listens on its image’s ports and is checked there', () => {
    const image = imageOf(service)
    const exposed = stepsOf(image, 'EXPOSE').join(' ').split(' ')
    expect(exposed).toEqual(expect.arrayContaining(service.ports.map((port) => port.split(':')[2])))
    const { environment: given } = service
    const same = Object.entries(environmentOf(image)).filter(([key]) => key in given)
    expect(same.map(([key]) => [key, given[key]])).toEqual(same)
    const [, asked] =
      /127\.0\.0\.1:(\d+)|connect\((\d+)/.exec(service.healthcheck.test.at(-1) ?? '') ?? []
    expect(exposed).toContain(asked ?? service.environment['HEALTH_PORT'])
  })
})

describe('the worker and the forwarder in compose.yaml', () => {
  it('have valid settings and know each other', () => {
    const given = { INGESTION_KEY: 'key-of-the-tests' }
    const worker = readWorkerSettings(environment('worker', given))
    const forwarder = readForwarderSettings(environment('udp-forwarder', given))
    expect(worker).toMatchObject({ keys: [forwarder.key], sink: { folder: '/data' } })
    expect(forwarder.endpoint.href).toBe(`http://worker:${worker.port}/ingest`)
    expect(() => readWorkerSettings(environment('worker', {}))).toThrow('INGESTION_KEY')
  })

  it('start in order and keep the events in a volume', () => {
    const { worker, 'udp-forwarder': forwarder } = compose.services
    expect(forwarder?.depends_on).toEqual({ worker: { condition: 'service_healthy' } })
    expect(worker?.volumes).toEqual(['events:/data'])
    expect(compose.volumes).toHaveProperty('events')
  })

  it('use the ports that Terraform uses', () => {
    const { variables, resources } = readConfiguration()
    const { UDP_PORT, HEALTH_PORT } = compose.services['udp-forwarder']?.environment ?? {}
    expect(textOf(variables['udp_port']?.['default'])).toBe(UDP_PORT)
    expect(textOf(variables['health_port']?.['default'])).toBe(HEALTH_PORT)
    const worker = JSON.stringify(resources.get('google_cloud_run_v2_service.worker'))
    expect(worker).toContain(`"container_port":${compose.services['worker']?.environment['PORT']}`)
  })
})
