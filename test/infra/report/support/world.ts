import * as fc from 'fast-check'

/** An event as it was meant, and the line that some client made of it. */
export interface Meant {
  readonly family: 'install' | 'started' | 'finished' | 'usage'
  readonly id: string
  readonly client: string | undefined
  readonly session: string | undefined
  readonly day: string | undefined
  readonly os: string
  readonly arch: string
  readonly platform: string
  readonly release: string
  readonly step?: 'start' | 'complete' | 'failed'
  readonly success?: boolean
  readonly jit?: readonly [boolean, boolean]
  readonly accelerate?: boolean
  readonly dispatches?: number
  readonly stage?: string | undefined
  readonly code?: string | undefined
  readonly component?: string | undefined
  readonly sequence?: number
  readonly counts?: Readonly<Record<string, number>>
  readonly line: string
}

const clients = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
const sessions = [
  'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa1',
  'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa2',
  'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa3',
  'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa4',
]

const client = fc.option(fc.constantFrom(...clients), { nil: undefined, freq: 5 })
const release = fc.constantFrom('0.6.1', '0.6.0', 'unknown')
const os = fc.constantFrom('linux', 'macos')
const arch = fc.constantFrom('x86_64', 'x86_64', 'x86_64', 'arm64')
const id = fc.uuid({ version: 4 })
const moment = fc.integer({ min: Date.parse('2026-11-20'), max: Date.parse('2026-11-23') })

function spellOs(name: string, fancy: boolean): string {
  return name === 'macos' && fancy ? 'darwin' : name
}

function spellArch(name: string, way: number): string {
  const ways = name === 'arm64' ? ['arm64', 'aarch64', 'ARM64'] : ['x86_64', 'amd64', 'AMD64']
  return ways[way] ?? name
}

const install = fc
  .record({
    id,
    client,
    os,
    arch,
    release,
    step: fc.constantFrom('start', 'complete', 'failed' as const),
    fancy: fc.boolean(),
    way: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ id: uuid, fancy, way, ...event }): Meant => {
    const { client: cid, step } = event
    const platform = `${event.os}-${event.arch}`
    const said = {
      os: spellOs(event.os, fancy),
      arch: spellArch(event.arch, way),
      ...(event.release === 'unknown' && fancy
        ? {}
        : { release: event.release === 'unknown' || fancy ? event.release : `v${event.release}` }),
      method: 'shell',
    }
    const old = { start: 'install.start', complete: 'install.completed', failed: 'install.failed' }[
      step
    ]
    const wire = fancy
      ? {
          event: old,
          eventLabel: old,
          distinctId: cid?.toUpperCase(),
          uuid: uuid.toUpperCase(),
          ...said,
          payload: { platform: `${event.os}-${spellArch(event.arch, way === 1 ? 1 : 0)}` },
        }
      : { event_label: `install_${step}`, uuid, ...said, platform, cid }
    return {
      family: 'install',
      id: uuid,
      session: undefined,
      day: undefined,
      platform,
      ...event,
      client: cid,
      step,
      line: JSON.stringify(wire),
    }
  })

const runBase = {
  id,
  client,
  os,
  arch,
  release,
  session: fc.constantFrom(...sessions),
  moment: fc.option(moment, { nil: undefined }),
  way: fc.integer({ min: 0, max: 2 }),
}

const started = fc
  .record(runBase)
  .map(({ id: uuid, client: cid, session, moment: at, way, ...event }): Meant => ({
    family: 'started',
    id: uuid,
    client: cid,
    session,
    day: at === undefined ? undefined : new Date(at).toISOString().slice(0, 10),
    platform: `${event.os}-${event.arch}`,
    ...event,
    line: JSON.stringify({
      [way === 1 ? 'eventLabel' : 'event_label']:
        way === 2 ? 'runtime_session_start' : 'runtime.run.started',
      uuid,
      cid,
      [way === 1 ? 'sessionId' : 'session_id']: session,
      os: event.os,
      arch: spellArch(event.arch, way),
      release: event.release === 'unknown' ? undefined : event.release,
      run_kind: 'script',
      payload: { jit_enabled: true, timestamp_ms: at },
    }),
  }))

const finished = fc
  .record({
    ...runBase,
    success: fc.boolean(),
    jit: fc.tuple(fc.boolean(), fc.boolean()),
    accelerate: fc.boolean(),
    dispatches: fc.integer({ min: 0, max: 2 }),
    stage: fc.option(fc.constantFrom('parser', 'hir', 'compile', 'runtime'), { nil: undefined }),
    code: fc.option(fc.constantFrom('RunMat:GpuLost', 'RunMat:FusionShape', 'RunMat:Undefined'), {
      nil: undefined,
    }),
    component: fc.option(fc.constantFrom('io', 'network'), { nil: undefined }),
  })
  .map(({ id: uuid, client: cid, session, moment: at, way, ...event }): Meant => {
    const isOld = way === 2
    const failure = event.success
      ? {}
      : {
          'runtime.failure.stage': event.stage,
          [way === 1 ? 'error' : 'runtime.failure.code']: event.code,
          'runtime.failure.component': event.component,
        }
    return {
      family: 'finished',
      id: uuid,
      client: cid,
      session,
      day: at === undefined ? undefined : new Date(at).toISOString().slice(0, 10),
      platform: `${event.os}-${event.arch}`,
      ...event,
      line: JSON.stringify({
        event_label: isOld ? 'runtime_value' : 'runtime.run.finished',
        uuid,
        cid,
        session_id: session,
        os: event.os,
        arch: spellArch(event.arch, way),
        release: event.release === 'unknown' ? undefined : event.release,
        payload: {
          success: event.success,
          jit_enabled: event.jit[0],
          jit_used: event.jit[1],
          accelerate_enabled: event.accelerate,
          timestamp_ms: at,
          ...failure,
          ...(isOld
            ? { provider: { device: {}, telemetry: { gpu_dispatches: event.dispatches } } }
            : { gpu_dispatches: event.dispatches }),
        },
      }),
    }
  })

const usage = fc
  .record({
    id,
    client,
    os,
    arch,
    release: fc.constantFrom('0.6.1', '0.6.0', 'unknown'),
    sequence: fc.integer({ min: 1, max: 9 }),
    moment,
    run: fc.integer({ min: 0, max: 3 }),
    jit: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ id: uuid, moment: at, run, jit, ...event }): Meant => ({
    family: 'usage',
    id: uuid,
    session: undefined,
    day: new Date(at).toISOString().slice(0, 10),
    platform: `${event.os}-${event.arch}`,
    ...event,
    counts: { run, jit },
    line: JSON.stringify({
      payload_schema_version: 1,
      event_id: uuid,
      install_id: event.client,
      sequence: event.sequence,
      trigger: 'first_successful_run',
      trigger_ts: new Date(at).toISOString(),
      // The contract requires one, so this stands for none.
      version: event.release === 'unknown' ? '0.0.0' : event.release,
      platform: { os: event.os, arch: event.arch },
      subcommand_counts: { run },
      engine_selections: { jit },
    }),
  }))

const bad = fc.constantFrom(
  '{"event_label":"install_sta',
  '\u0000\u0000\u0000',
  '{}',
  '[]',
  '42',
  '{"event_label":"telemetry.erase"}',
  'null',
)

export interface World {
  /** In order of arrival, repeats included. */
  readonly events: readonly Meant[]
  readonly unreadable: number
  readonly text: string
}

/** Few clients, sessions and platforms, so that things meet; some lines twice, some unreadable. */
export const world: fc.Arbitrary<World> = fc
  .array(
    fc.oneof(
      { arbitrary: install, weight: 8 },
      started,
      { arbitrary: finished, weight: 3 },
      usage,
      bad,
    ),
    { maxLength: 60 },
  )
  .chain((lines) =>
    fc
      .array(fc.nat({ max: Math.max(0, lines.length - 1) }), { maxLength: 8 })
      .map((again) => [...lines, ...again.flatMap((index) => lines[index] ?? [])]),
  )
  .map((lines) => {
    const events = lines.filter((line): line is Meant => typeof line !== 'string')
    return {
      events,
      unreadable: lines.length - events.length,
      text: lines.map((line) => `${typeof line === 'string' ? line : line.line}\n`).join(''),
    }
  })
