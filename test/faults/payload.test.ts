import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { subcommandCounters, triggersOf } from '../../src/contract/usage.ts'
import { runmat } from '../../src/product/runmat.ts'
import type { HostEnvironment } from '../../src/settings/host-environment.ts'
import { openTelemetry, type Telemetry } from '../../src/host/telemetry.ts'
import { queueContent } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { settle } from './stage.ts'

function surroundingsOf(home: Home): HostEnvironment {
  return {
    env: { RUNMAT_TELEMETRY_KEY: 'key' },
    home: home.path,
    cwd: home.path,
    platform: 'linux',
    arch: 'x64',
    ci: undefined,
    configHome: home.at('.config'),
    cacheHome: (application) => home.at('.cache', application),
    now: Date.now,
    uptime: () => 0,
  }
}

/** What must not be found anywhere: whatever a host says, this is in it. */
const secret = 'SECRET'

const spiteful = [
  () => {
    throw new Error(secret)
  },
  Object.defineProperty({}, 'gpu', {
    enumerable: true,
    get: () => {
      throw new Error(secret)
    },
  }),
  new Proxy(
    {},
    {
      get: () => {
        throw new Error(secret)
      },
      has: () => true,
      ownKeys: () => {
        throw new Error(secret)
      },
      getOwnPropertyDescriptor: () => {
        throw new Error(secret)
      },
    },
  ),
  { toString: () => secret, valueOf: () => 7 },
  { toJSON: () => secret },
  Object.create({ gpu: true, jit: true }) as object,
  JSON.parse(`{"__proto__":{"gpu":true},"constructor":true,"${secret}":true}`) as object,
]

/** Stands for one of them: the generator of the values would look into it, too. */
class Spite {
  readonly index: number

  constructor(index: number) {
    this.index = index
  }
}

const unwrap = (value: unknown): unknown => (value instanceof Spite ? spiteful[value.index] : value)

/** The names that may travel, and all kinds of things that may not. */
const names = [
  ...runmat.usage.subcommands,
  ...runmat.usage.selections,
  ...Object.keys(runmat.usage.capabilities),
  ...Object.keys(runmat.milestones.named),
  ...triggersOf(runmat),
  'success',
  'failed_hir',
]

const text = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'preview', ''),
  fc.constantFrom(
    `/home/${secret}/model.m`,
    `C:\\Users\\${secret}`,
    `fix the bug in ${secret}, please`,
    `${secret} 🙈\u0000\u202e\ud800`,
    `run ${secret}`,
    `run_success\n${secret}`,
    `1.2.3-${secret.repeat(20)}`,
    secret.repeat(170_000),
  ),
  fc.string().map((some) => secret + some),
)

const anything: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom<unknown>(undefined, null, true, Number.NaN, -1, 1e308, 7n, Symbol(secret), []),
  fc.nat(spiteful.length - 1).map((index) => new Spite(index)),
  fc.dictionary(text, fc.oneof(fc.boolean(), text)),
  fc.anything(),
)

type Call = readonly [string, readonly unknown[]]

const call: fc.Arbitrary<Call> = fc.tuple(
  fc.constantFrom('count', 'select', 'capabilities', 'milestone'),
  fc.array(anything, { maxLength: 3 }),
)

function make(telemetry: Telemetry, [name, values]: Call): void {
  const methods = telemetry as unknown as Record<string, (...some: readonly unknown[]) => void>
  methods[name]?.(...values.map(unwrap))
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The rules of a usage event, written down a second time. */
function expectDecent(bytes: string): void {
  const event = JSON.parse(bytes) as Record<string, unknown>
  expect(Object.keys(event)).toEqual(fields)
  expect(bytes.length).toBeLessThan(4096)
  for (const name of ['event_id', 'install_id']) expect(event[name]).toMatch(uuid)
  for (const name of ['first_seen', 'trigger_ts', 'counters_as_of']) {
    expect(event[name]).toMatch(moment)
  }
  expect(triggersOf(runmat)).toContain(event['trigger'])
  expect(event['version']).toMatch(/^v?\d{1,6}\.\d{1,6}(\.\d{1,6})?([-+][0-9A-Za-z.+-]{1,32})?$/)
  expect(event['platform']).toEqual({ os: 'linux', arch: 'x86_64' })
  expectOnly(event['subcommand_counts'], subcommandCounters(runmat), Number.isSafeInteger)
  expectOnly(event['engine_selections'], runmat.usage.selections, Number.isSafeInteger)
  const isBoolean = (value: unknown) => typeof value === 'boolean'
  expectOnly(event['feature_capabilities'], Object.keys(runmat.usage.capabilities), isBoolean)
}

const fields = [
  'payload_schema_version',
  'stats_schema_version',
  'event_id',
  'install_id',
  'sequence',
  'first_seen',
  'trigger',
  'trigger_ts',
  'counters_as_of',
  'version',
  'platform',
  'subcommand_counts',
  'engine_selections',
  'feature_capabilities',
]

function expectOnly(
  table: unknown,
  allowed: readonly string[],
  isDecent: (value: unknown) => boolean,
): void {
  const members = Object.entries(table as Record<string, unknown>)
  expect(members.filter(([name]) => !allowed.includes(name))).toEqual([])
  expect(members.filter(([, value]) => !isDecent(value))).toEqual([])
}

describe('whatever a host passes in', () => {
  it('only listed names and bounded values reach the queue, and nothing throws', async () => {
    let events = 0
    const run = async (version: unknown, calls: readonly Call[]) => {
      const home = tempHome()
      settle(home)
      const options = { version: unwrap(version) as string, environment: surroundingsOf(home) }
      const telemetry = openTelemetry(runmat, {
        ...options,
        uploader: { command: '/nonexistent', args: [] },
      })
      for (const one of calls) make(telemetry, one)
      await telemetry.close()
      const queued = Object.values(queueContent(home))
      for (const bytes of queued) expectDecent(bytes)
      events += queued.length
      // Not even the files that stay on this machine hold what was said.
      const stats = home.has(statsFile) ? home.read(statsFile) : ''
      expect(stats + queued.join()).not.toContain(secret)
      expect(stats.trimEnd().length).toBeLessThan(4096)
    }
    const statsFile = '.cache/runmat/telemetry/stats.json'
    const property = fc.asyncProperty(anything, fc.array(call, { maxLength: 8 }), run)
    await fc.assert(property, { numRuns: 300 })
    expect(events).toBeGreaterThan(200)
  }, 120_000)
})
