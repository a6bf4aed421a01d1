import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { everyKind } from '../../../infra/common/src/events/event.ts'
import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { openDroppedFields } from '../../../infra/worker/src/dropped-fields.ts'
import { readClientId } from '../../../src/store/client-id.ts'
import { tempHome } from '../../support/home.ts'

const folder = path.resolve(import.meta.dirname, '../../contract/wire')

type Body = Readonly<Record<string, unknown>>

/** What RunMat's released programs and installers send, as they send it. */
const clients = readFileSync(path.join(folder, 'real-clients.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { name: string; body: Body })

function fieldsOf(body: object): Record<string, unknown> & { payload?: Record<string, unknown> } {
  const reading = readEvent(JSON.stringify(body), everyKind)
  if ('refusal' in reading) throw new Error(JSON.stringify(reading.refusal))
  return reading.event.fields
}

function camelCased(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const rename = (name: string) =>
    name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [rename(name), camelCased(inner)]),
  )
}

function bodyOf(name: string): Body {
  const found = clients.find((client) => client.name === name)
  if (found === undefined) throw new Error(`no payload called ${name}`)
  return found.body
}

const vulkan = bodyOf('0.6.1 CLI finished, vulkan, 64 launches')
const failed = bodyOf('0.6.1 CLI failed at run time, user identifier')

describe('what real clients send', () => {
  it.each(clients.map(({ name, body }) => [name, body] as const))('is taken: %s', (_, body) => {
    const fields = fieldsOf(body)
    const label = String(body['event_label'] ?? body['eventLabel'] ?? body['event'])
    expect(fields['event_label']).toBe(
      label
        .replace('install.completed', 'install_complete')
        .replace('install.', 'install_')
        .replace('runtime_value', 'runtime.run.finished'),
    )
    for (const name of ['os', 'arch', 'release', 'run_kind', 'method'] as const) {
      if (name !== 'run_kind' || !label.startsWith('install')) expect(fields[name]).toBe(body[name])
    }
  })

  it('keeps what a run says of its GPU, also where its driver is OpenGL', () => {
    expect(fieldsOf(vulkan).payload).toMatchObject({
      gpu_dispatches: 12,
      gpu_wall_ns: 1_851_000,
      fusion_cache_hits: 8,
      provider: {
        device: { name: 'NVIDIA GeForce RTX 4090', vendor: 'NVIDIA', backend: 'vulkan' },
      },
    })
    const gl = bodyOf('0.6.1 CLI finished, gl name with slashes')
    const device = { name: 'NVIDIA GeForce GTX 1080/PCIe/SSE2', vendor: 'NVIDIA', backend: 'gl' }
    expect(fieldsOf(gl).payload).toMatchObject({ provider: { device } })
  })

  it.each(['Vulkan', 'DX12', 'Metal', 'BrowserWebGpu'])('takes a backend spelt %s', (backend) => {
    const payload = vulkan['payload'] as { provider: { device: object } }
    const provider = { device: { ...payload.provider.device, backend } }
    const fields = fieldsOf({ ...vulkan, payload: { ...payload, provider } })
    expect(fields.payload?.['provider']).toMatchObject({
      device: { backend: backend.toLowerCase() },
    })
  })

  it('never keeps an identifier that a user has chosen, and says where it failed', () => {
    const { payload } = fieldsOf(failed)
    expect(payload).toMatchObject({ error: 'user', 'runtime.failure.stage': 'runtime' })
    expect(JSON.stringify(payload)).not.toContain('Smith')
  })

  it('says where a run failed that is otherwise as the contract writes it', () => {
    const payload = { ...(failed['payload'] as object), error: 'RunMat:UndefinedVariable' }
    const stored = fieldsOf({ ...failed, payload })
    const { 'runtime.failure.stage': stage, ...without } = stored.payload ?? {}
    expect(stage).toBe('runtime')
    expect(fieldsOf({ ...stored, payload: without })).toEqual(stored)
  })

  it.each(['RunMat:UndefinedVariable', 'MATLAB:undefinedVarOrClass', 'Octave:undefined-function'])(
    'keeps an identifier of a known namespace: %s',
    (error) => {
      const payload = { ...(failed['payload'] as object), error, 'runtime.failure.code': error }
      const stored = { error, 'runtime.failure.code': error }
      expect(fieldsOf({ ...failed, payload }).payload).toMatchObject(stored)
    },
  )

  it('knows an identifier as a user’s that is too long to be one of RunMat’s', () => {
    const payload = { ...(failed['payload'] as object), error: `RunMat:${'x'.repeat(90)}` }
    expect(fieldsOf({ ...failed, payload }).payload).toMatchObject({ error: 'user' })
  })

  it.each(['1760000000-12345', 'anon-7f3a', '0190f2c4-8a7e-7cc3-98a4-1b1f0a2d3c4e'])(
    'stands the same derived id in for %s, and never the run’s',
    (cid) => {
      const first = fieldsOf({ ...vulkan, cid })
      const other = fieldsOf({ ...failed, cid })
      expect(first['cid']).toMatch(/^[0-9a-f-]{14}4/)
      expect(first['cid']).toBe(other['cid'])
      expect(first['cid']).not.toBe(first['session_id'])
      expect(JSON.stringify(first)).not.toContain(cid)
    },
  )

  it.each(['1760000000-12345', 'anon-7F3A'])(
    'has the id that our client makes of %s, so that one machine counts as one',
    (older) => {
      const home = tempHome()
      home.write(home.clientId, older)
      expect(fieldsOf({ ...vulkan, cid: older })['cid']).toBe(readClientId(home.clientId))
    },
  )

  it('has the id of an older installer that Windows PowerShell wrote as an object', () => {
    const { uuid: _, ...install } = bodyOf('install.completed windows ps1')
    const read = (value: string) => ({
      value,
      PSPath: `Microsoft.PowerShell.Core\\FileSystem::C:\\Users\\smith\\.runmat\\telemetry_id`,
      PSParentPath: 'Microsoft.PowerShell.Core\\FileSystem::C:\\Users\\smith\\.runmat',
      PSDrive: { CurrentLocation: 'Users\\smith', Name: 'C', Root: 'C:\\' },
      ReadCount: 1,
    })
    const [one, two] = [randomUUID(), randomUUID()].map((id) =>
      fieldsOf({ ...install, distinctId: read(id) }),
    )
    const plain = fieldsOf({ ...install, distinctId: one?.['cid'] })
    expect(plain).toEqual(one)
    // Without their ids, the installs of all such machines would be one event.
    expect(two?.['uuid']).not.toBe(one?.['uuid'])
    expect(JSON.stringify(one)).not.toContain('smith')
  })

  it('has an id without the line end that came along', () => {
    const { cid } = vulkan
    expect(fieldsOf({ ...vulkan, cid: `${String(cid)}\r\n` })['cid']).toBe(cid)
  })

  it.each(['session_id', 'uuid', 'cid', 'release'])('is taken without %s', (name) => {
    const { [name]: _, ...body } = vulkan
    const fields = fieldsOf(body)
    if (name === 'uuid') expect(fields['uuid']).toBe(fieldsOf(body)['uuid'])
    else expect(fields).not.toHaveProperty(name)
  })

  it('is taken in camel case at every depth', () => {
    const counters = { total_executions: 3, jit_compiled: 2, interpreter_fallback: 1 }
    const old = bodyOf('seed000 runtime_value')
    const forms = [{ ...vulkan, payload: { ...(vulkan['payload'] as object), counters } }, old]
    for (const form of forms) expect(fieldsOf(camelCased(form) as object)).toEqual(fieldsOf(form))
  })

  it('is taken without a duration, in camel case, and with more beside', () => {
    const { duration_us: _, jit_used: used, ...payload } = vulkan['payload'] as Body
    const body = { ...vulkan, payload: { ...payload, jitUsed: used }, properties: {}, context: 1 }
    expect(fieldsOf(body).payload).toMatchObject({ jit_used: true, success: true })
    expect(fieldsOf(body).payload).not.toHaveProperty('duration_us')
  })
})

describe('the fields that events lost', () => {
  it('are counted by name, and by no name that a sender makes up', () => {
    const dropped = openDroppedFields()
    for (const { body } of clients) {
      const reading = readEvent(JSON.stringify(body), everyKind)
      if ('event' in reading) dropped.note(reading.dropped)
    }
    expect(dropped.counts()).toMatchObject({ source: 6, client_ip: 1, other: 0 })
    dropped.note(Array.from({ length: 10_000 }, (_, index) => `made_up_${index}`))
    expect(dropped.counts()['other']).toBe(10_000)
    expect(Object.keys(dropped.counts()).length).toBeLessThanOrEqual(300)
    expect(dropped.sinceLast()).toMatchObject({ other: 10_000 })
    expect(dropped.sinceLast()).toEqual({})
  })
})
