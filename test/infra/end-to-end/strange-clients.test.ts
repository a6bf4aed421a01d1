import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { openStage, sendAll } from '../udp-forwarder/stage.ts'
import { clientCalled, type Fields, storedFields } from './clients.ts'
import { startFileWorker } from './file-worker.ts'
import { buildWorker } from './receiver.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const stage = openStage()

const vulkan = clientCalled('0.6.1 CLI finished, vulkan, 64 launches').body
const row = storedFields['0.6.1 CLI finished, vulkan, 64 launches'] ?? {}
const payload = vulkan['payload'] as Fields
const storedPayload = row['payload'] as Fields

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
}

const derived = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f-]{16}$/)

interface Strange {
  readonly what: string
  readonly sent: Fields
  readonly stored: Fields
}

/** Older and stranger forms of the same run; each must lose only what it lacks. */
const strange: readonly Strange[] = [
  { what: 'no uuid', sent: without(vulkan, 'uuid'), stored: { ...row, uuid: derived } },
  {
    what: 'no session id',
    sent: without(vulkan, 'session_id'),
    stored: without(row, 'session_id'),
  },
  {
    what: 'neither uuid nor session id nor client id',
    sent: without(vulkan, 'uuid', 'session_id', 'cid'),
    stored: { ...without(row, 'session_id', 'cid'), uuid: derived },
  },
  {
    what: 'no duration',
    sent: { ...vulkan, payload: without(payload, 'duration_us') },
    stored: { ...row, payload: without(storedPayload, 'duration_us') },
  },
  {
    what: 'an id of clock and PID',
    sent: { ...vulkan, cid: '1760000000-12345' },
    stored: { ...row, cid: derived },
  },
  {
    what: 'an id of another form',
    sent: { ...vulkan, cid: 'anon-7f3a' },
    stored: { ...row, cid: derived },
  },
  {
    what: 'UUIDs of version 7',
    sent: {
      ...vulkan,
      cid: '0190f2c4-8a7e-7cc3-98a4-1b1f0a2d3c4e',
      uuid: '0190f2c4-8a7e-7cc3-98a4-1b1f0a2d3c4f',
      session_id: '0190f2c4-8a7e-7cc3-98a4-1b1f0a2d3c50',
    },
    stored: { ...row, cid: derived, uuid: derived, session_id: derived },
  },
  {
    what: 'ids in upper case',
    sent: { ...vulkan, cid: String(vulkan['cid']).toUpperCase() },
    stored: row,
  },
  ...['event', 'eventLabel'].map((name) => ({
    what: `the label in ${name}`,
    sent: { ...without(vulkan, 'event_label'), [name]: vulkan['event_label'] },
    stored: row,
  })),
  {
    what: 'camel case all over',
    sent: {
      ...without(vulkan, 'event_label', 'cid', 'session_id', 'run_kind'),
      eventLabel: vulkan['event_label'],
      distinctId: vulkan['cid'],
      sessionId: vulkan['session_id'],
      runKind: vulkan['run_kind'],
      payload: Object.fromEntries(
        Object.entries(payload).map(([name, value]) => [
          name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
          value,
        ]),
      ),
    },
    stored: row,
  },
  {
    what: 'properties, context and more beside',
    sent: { ...vulkan, properties: { a: 1 }, context: { b: [2] }, hostname: 'mine', email: 'm@e' },
    stored: row,
  },
  {
    what: 'a payload with a name that nobody knows',
    sent: { ...vulkan, payload: { ...payload, cwd: '/home/smith', argv: ['a.m'] } },
    stored: row,
  },
  {
    what: 'a backend and device in other letters',
    sent: {
      ...vulkan,
      payload: {
        ...payload,
        provider: {
          device: { name: 'NVIDIA GeForce RTX 4090', vendor: 'NVIDIA', backend: 'Vulkan' },
        },
      },
    },
    stored: row,
  },
  {
    what: 'a device named like a path',
    sent: {
      ...vulkan,
      payload: {
        ...payload,
        provider: { device: { name: '/home/smith/gpu', vendor: 'NVIDIA', backend: 'vulkan' } },
      },
    },
    stored: {
      ...row,
      payload: { ...storedPayload, provider: { device: { vendor: 'NVIDIA', backend: 'vulkan' } } },
    },
  },
  {
    what: 'an identifier of the user as the failure code',
    sent: {
      ...vulkan,
      payload: { ...payload, success: false, 'runtime.failure.code': 'StMarys:PatientSmith1974' },
    },
    stored: {
      ...row,
      payload: { ...storedPayload, success: false, 'runtime.failure.code': 'user' },
    },
  },
]

describe.concurrent('a stranger form of a run', () => {
  it.each(strange)('is stored by HTTP: $what', async ({ sent, stored }) => {
    const worker = await startFileWorker(program)
    expect(await worker.post(JSON.stringify(sent))).toBe(204)
    expect(worker.stored()).toEqual([stored])
    // A client that missed the answer sends it again.
    expect(await worker.post(JSON.stringify(sent))).toBe(204)
    expect(worker.stored()).toHaveLength(1)
  })
})

describe('the stranger forms of a run', () => {
  it('are stored the same as datagrams', async () => {
    const worker = await startFileWorker(program)
    const forwarder = await stage.forwarder(`${worker.url}/v1/t`)
    // One uuid is one event, so every form gets its own.
    const sent = strange.map(({ sent: form }, index) => ({
      ...form,
      ...('uuid' in form && { uuid: uuidNumber(index) }),
    }))
    await sendAll(
      forwarder.port,
      sent.map((form) => JSON.stringify(form)),
    )
    await eventually(() => expect(worker.stored()).toHaveLength(sent.length))
    const stored = worker.stored()
    for (const [index, { what, stored: expected }] of strange.entries()) {
      const uuid = 'uuid' in (sent[index] ?? {}) ? uuidNumber(index) : derived
      expect([what, ...stored]).toContainEqual({ ...expected, uuid })
    }
    expect(new Set(stored.map(({ uuid }) => uuid)).size).toBe(sent.length)
  })
})

function uuidNumber(index: number): string {
  return `7df207e0-69fd-4731-8404-${String(index).padStart(12, '0')}`
}
