import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

import type { Product } from 'runmat-telemetry/contract'
import { beforeAll, describe, expect, it } from 'vitest'

import { job, stage, triggersOf } from '../../examples/stage.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { usage } from '../worker/support/events.ts'
import { run } from '../worker/support/process.ts'
import type { Fields } from './clients.ts'
import { buildWorker } from './receiver.ts'
import { real, roarModule } from './roar.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const { roar } = (await import(pathToFileURL(roarModule).href)) as { roar: Product }
const address = '/api/v1/telemetry/roar'

async function startWorker(env: Readonly<Record<string, string>>) {
  const home = tempHome()
  const { url } = await run(program, { EVENTS_FILE: home.at('events.ndjson'), ...env })
  const linesIn = (name: string): readonly Fields[] =>
    readFileSync(home.at(name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Fields)
  const post = async (event: object, to = address, headers: Record<string, string> = {}) =>
    await fetch(`${url}${to}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(event),
    })
  return {
    url,
    post,
    own: () => linesIn('events.ndjson'),
    roars: () => linesIn('events.roar.ndjson'),
  }
}

describe('a second product', () => {
  it('is roar, whose example delivers its events to the worker', async () => {
    const worker = await startWorker({ PRODUCTS: roarModule })
    const { roar: command, quiet, queued } = await stage()
    await command(['telemetry', '--endpoint', `${worker.url}${address}`])
    await command(['run', '--', ...job])
    await command(['run', '--', ...job])
    await quiet()
    await eventually(() => expect(queued()).toEqual([]))
    const stored = worker.roars()
    expect(triggersOf(stored as never)).toEqual(
      expect.arrayContaining(['first_seen_for_install_id', 'first_successful_roar_run']),
    )
    expect(new Set(stored.map((event) => event['event_id'])).size).toBe(stored.length)
    for (const event of stored) expect(event).toHaveProperty('tracer_selections')
    expect(worker.own()).toEqual([])
  })

  it('is taken from its released client, too', async () => {
    const worker = await startWorker({ PRODUCTS: roarModule })
    expect((await worker.post(real)).status).toBe(204)
    expect((await worker.post(real)).status).toBe(204)
    expect(worker.roars()).toEqual([
      {
        ...real,
        version: '0.0+unknown',
        platform: { os: 'linux', arch: 'arm64' },
        subcommand_counts: { run: 2, run_success: 1 },
        tracer_selections: { ebpf: 2 },
        feature_capabilities: { proxy: true, ray: false, osmo: true, blake3: true },
      },
    ])
    const amd64 = { ...real, event_id: '5d5aa2a5-96dc-4d8a-8a4f-3ce9c0b2f4a2' }
    expect(
      (await worker.post({ ...amd64, platform: { os: 'Windows', arch: 'AMD64' } })).status,
    ).toBe(204)
    expect(worker.roars()[1]?.['platform']).toEqual({ os: 'windows', arch: 'x86_64' })
  })

  it('is taken with every version, platform and id that Python may write', async () => {
    const worker = await startWorker({ PRODUCTS: roarModule })
    const post = async (fields: Fields) => {
      const event = { ...real, event_id: randomUUID(), ...fields }
      expect([fields, (await worker.post(event)).status]).toEqual([fields, 204])
      return worker.roars().at(-1) ?? {}
    }
    const versions = {
      '0.3': '0.3',
      '0.3.0rc1': '0.3.0-rc1',
      '0.2.12.dev3+g1a2b3c4': '0.2.12-dev3+g1a2b3c4',
      '1.0.post1': '1.0-post1',
      '2026.11.2.1': '2026.11.2-1',
    }
    for (const [version, stored] of Object.entries(versions)) {
      expect(await post({ version })).toHaveProperty('version', stored)
    }
    const platforms = [
      ['linux', 'ppc64le', 'linux', 'ppc64'],
      ['linux', 'armv6l', 'linux', 'arm'],
      ['linux', 'unknown', 'linux', 'other'],
      ['freebsd13', 'amd64', 'other', 'x86_64'],
    ]
    for (const [os, arch, storedOs, storedArch] of platforms) {
      const { platform } = await post({ platform: { os, arch } })
      expect(platform).toEqual({ os: storedOs, arch: storedArch })
    }
    const id = randomUUID()
    expect(await post({ install_id: id.toUpperCase() })).toHaveProperty('install_id', id)
    const older = await post({ event_id: '0190f2c4-8a7e-7cc3-98a4-1b1f0a2d3c4f' })
    expect(older['event_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    const path = { ...real, event_id: randomUUID(), version: '0.2.12/home/smith' }
    expect((await worker.post(path)).status).toBe(400)
  })

  it('has its own address and its own words', async () => {
    const worker = await startWorker({ PRODUCTS: roarModule })
    const key = { 'x-telemetry-key': 'key-of-the-tests' }
    const own = JSON.parse(usage()) as object
    expect((await worker.post(real, '/v1/t', key)).status).toBe(400)
    expect((await worker.post(own, '/v1/t', key)).status).toBe(204)
    expect((await worker.post(own, '/api/v1/telemetry/runmat')).status).toBe(401)
    const wrong = await worker.post({ ...real, trigger: 'second_successful_run' })
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { field: 'trigger' }])
    expect((await worker.post({ ...real, trigger: 'preview' })).status).toBe(400)
    expect((await worker.post(real, '/api/v1/telemetry/unknown', key)).status).toBe(404)
    expect(worker.roars()).toEqual([])
    expect(worker.own()).toHaveLength(1)
  })

  it('needs no key where its definition has none, within the limit for such senders', async () => {
    const worker = await startWorker({ PRODUCTS: roarModule })
    const statuses = new Map<number, number>()
    for (let count = 0; count < 125; count += 1) {
      const { status } = await worker.post(real)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    expect(new Set(statuses.keys())).toEqual(new Set([204, 429]))
  })

  it('needs a key where its definition has one', async () => {
    const home = tempHome()
    const ingestionKey = { variable: 'ROAR_KEY', embedded: '' }
    const file = home.write('roar.json', JSON.stringify({ ...roar, ingestionKey }))
    const worker = await startWorker({ PRODUCTS: file })
    expect((await worker.post(real)).status).toBe(401)
    const key = { 'x-telemetry-key': 'key-of-the-tests' }
    expect((await worker.post(real, address, key)).status).toBe(204)
  })

  it('is unknown without PRODUCTS', async () => {
    const worker = await startWorker({})
    expect((await worker.post(real)).status).toBe(404)
  })
})

interface Broken {
  readonly what: string
  readonly name: string
  readonly text: string | undefined
  readonly says: string
}

const { usage: words, ...withoutUsage } = roar

const broken: readonly Broken[] = [
  { what: 'no file', name: 'gone.js', text: undefined, says: 'there is no such file' },
  { what: 'no JSON', name: 'a.json', text: '{', says: "can't be read" },
  { what: 'a list', name: 'a.json', text: '[]', says: 'it must be an object' },
  { what: 'no module', name: 'a.mjs', text: 'export const = 1', says: "can't be read" },
  { what: 'an empty module', name: 'a.mjs', text: '', says: 'exports none' },
  {
    what: 'two definitions',
    name: 'a.mjs',
    text: 'export const a = {}; export const b = {}',
    says: 'exports several',
  },
  { what: 'nothing of a product', name: 'a.json', text: '{}', says: 'id must be lower-case' },
  {
    what: 'no usage',
    name: 'a.json',
    text: JSON.stringify(withoutUsage),
    says: 'usage must be an object',
  },
  {
    what: 'RunMat’s id',
    name: 'a.json',
    text: JSON.stringify({ ...roar, id: 'runmat' }),
    says: 'has the id of another product, runmat',
  },
  {
    what: 'an id that leads out of an address',
    name: 'a.json',
    text: JSON.stringify({ ...roar, id: '../x' }),
    says: 'id must be lower-case',
  },
  {
    what: 'a field in place of the event’s own',
    name: 'a.json',
    text: JSON.stringify({ ...roar, usage: { ...words, selectionsField: 'install_id' } }),
    says: 'usage.selectionsField must be the name of a field of its own',
  },
  ...['event_label', 'uuid', 'cid', 'session_id', 'payload', 'product'].map((field) => ({
    what: `a field that means something else in other events: ${field}`,
    name: 'a.json',
    text: JSON.stringify({ ...roar, usage: { ...words, selectionsField: field } }),
    says: 'usage.selectionsField must be the name of a field of its own',
  })),
  {
    what: 'a module that throws nothing',
    name: 'a.mjs',
    text: 'throw undefined',
    says: "can't be",
  },
  {
    what: 'a definition that can’t be looked at',
    name: 'a.mjs',
    text: 'export const a = { get id() { throw new Error("no id") } }',
    says: 'is no product: no id',
  },
  {
    what: 'a module that imports what is not there',
    name: 'a.mjs',
    text: 'import "./gone.mjs"; export const a = {}',
    says: 'gone.mjs',
  },
  {
    what: 'a name that is a sentence',
    name: 'a.json',
    text: JSON.stringify({ ...roar, usage: { ...words, subcommands: ['rm -rf "/"'] } }),
    says: 'usage.subcommands must be a list of names',
  },
]

describe.concurrent('a file in PRODUCTS that is no product', () => {
  it.each(broken)('ends the start with a clear error: $what', async ({ name, text, says }) => {
    const home = tempHome()
    const file = home.at(name)
    if (text !== undefined) writeFileSync(file, text)
    const { ended, said } = await run(program, { PRODUCTS: file })
    expect((await ended).code).toBe(1)
    expect(said()).toContain(`PRODUCTS: ${file} `)
    expect(said()).toContain(says)
    expect(said()).not.toMatch(/^\s+at /m)
  })

  it('is named with every other one', async () => {
    const { ended, said } = await run(program, { PRODUCTS: 'one.json,two.js' })
    expect((await ended).code).toBe(1)
    expect(said().match(/PRODUCTS: (one\.json|two\.js)/g)).toHaveLength(2)
  })
})
