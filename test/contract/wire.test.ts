import { readFileSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { eventContracts, recognise } from '../../src/contract/contracts.ts'
import { runmat } from '../../src/product/runmat.ts'

const contracts = eventContracts(runmat)

function wire(name: string): string {
  return readFileSync(path.join(import.meta.dirname, 'wire', `${name}.json`), 'utf8')
}

describe('the wire examples', () => {
  it.each(['runtime-finished-001', 'runtime-finished-full', 'install-start-002'])(
    '%s is an event and is sent with the same values',
    (name) => {
      const bytes = recognise(contracts, wire(name))
      expect(JSON.parse(bytes ?? 'null')).toEqual(JSON.parse(wire(name)))
    },
  )

  it('are sent in the order in which the runtime itself writes them', () => {
    expect(recognise(contracts, wire('runtime-finished-full'))).toBe(
      wire('runtime-finished-full').trim(),
    )
  })

  it.each(['runtime-finished-000', 'install-start-camel'])(
    '%s is an older spelling, which only the collector accepts',
    (name) => expect(recognise(contracts, wire(name))).toBeUndefined(),
  )
})

describe('a finished run', () => {
  const finished = contracts.find(({ title }) => title.endsWith('finished'))
  const full = JSON.parse(wire('runtime-finished-full')) as { payload: Record<string, unknown> }
  const sent = (payload: Record<string, unknown>) =>
    JSON.parse(finished?.serialise({ ...full, payload: { ...full.payload, ...payload } }) ?? '{}')
      .payload as Record<string, unknown>

  it.each([
    ['error', 'cannot open /home/alice/secret.m'],
    ['error', 'alice@example.invalid'],
    ['runtime.failure.code', 'C:\\Users\\alice'],
    ['runtime.failure.code', 'x'.repeat(1000)],
    ['runtime.failure.stage', 'lunch'],
    ['runtime.failure.host', 'alice-laptop'],
    ['runtime.failure.component', 'Name Resolution'],
    ['gpu_ratio', 1.5],
    ['gpu_ratio', Number.NaN],
    ['gpu_wall_ns', -1],
    ['gpu_wall_ns', '12'],
    ['gpu_dispatches', 1.5],
    ['timestamp_ms', 1e300],
  ])('loses %s of %j and is still an event', (name, value) => {
    const payload = sent({ [name]: value })
    expect(payload).not.toHaveProperty([name])
    expect(Object.keys(payload)).toHaveLength(Object.keys(full.payload).length - 1)
  })

  it.each(['NVIDIA RTX 4090', 'Intel(R) UHD Graphics 620', 'AMD Radeon RX 6800 XT (RADV NAVI21)'])(
    'names its device: %s',
    (name) => {
      const device = { name, vendor: 'NVIDIA', backend: 'cuda' }
      expect(sent({ provider: { device } })['provider']).toEqual({ device })
    },
  )

  it.each(['x'.repeat(10_000), '/dev/nvidia0', 'card of alice@example.invalid', ' '])(
    'does not name a device %j',
    (name) => {
      const device = { name, backend: 'wgpu', serial: '1234', uuid: 'GPU-1' }
      expect(sent({ provider: { device } })['provider']).toEqual({ device: { backend: 'wgpu' } })
    },
  )

  it('contains nothing that is not in the contract, whatever a host passes', () => {
    const known = Object.keys(full.payload).concat('provider', 'fusion_hit_ratio')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.anything(), (extra, odd) => {
        const payload = sent({ ...extra, provider: odd })
        expect(known).toEqual(expect.arrayContaining(Object.keys(payload)))
      }),
    )
  })
})
