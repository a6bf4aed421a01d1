import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { root, run } from '../support/run.ts'
import { bareStage, example, job, type RoarEvent, roarFile, stage, triggersOf } from './stage.ts'

const words = (...lines: readonly string[]) => lines.join(' ').split(' ')

const fields = words(
  'payload_schema_version stats_schema_version event_id install_id sequence first_seen trigger',
  'trigger_ts counters_as_of version platform subcommand_counts tracer_selections',
  'feature_capabilities',
)

interface Schema {
  readonly properties?: object
  readonly enum?: readonly string[]
}

describe.concurrent('roar’s definition', () => {
  it('fits the types that the package publishes', async () => {
    const { home } = await bareStage()
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
    const { out, code } = await run(process.execPath, [compiler, '-p', example], home)
    expect({ out, code }).toEqual({ out: '', code: 0 })
  })

  it('allows the names that roar documents, and no others', async () => {
    const { roar } = await bareStage()
    const { out } = await roar(['telemetry', '--print', '--schema'])
    const { properties } = JSON.parse(out) as { properties: Record<string, Schema> }
    expect(Object.keys(properties)).toEqual(fields)
    const namesOf = (field: string) => Object.keys(properties[field]?.properties ?? {})
    expect(namesOf('subcommand_counts')).toEqual(
      words(
        'run run_success run_failed_dirty run_failed_tracer_setup run_failed_user_exit',
        'run_failed_interrupted run_failed_internal build init reset register show dag log status',
        'get put inputs diff lineage',
      ),
    )
    expect(namesOf('tracer_selections')).toEqual(
      words('preload ptrace ebpf native auto disabled unknown'),
    )
    expect(namesOf('feature_capabilities')).toEqual(words('blake3 ebpf proxy ray osmo'))
    expect(properties['trigger']?.enum).toEqual(
      words(
        'first_seen_for_install_id first_seen_for_version first_successful_roar_run',
        'second_successful_roar_run third_successful_roar_run init reset register preview',
      ),
    )
  })
})

describe.concurrent('roar telemetry --print', () => {
  it('prints the fourteen fields in order and writes nothing', async () => {
    const { roar, files, collector } = await bareStage()
    const { out, code } = await roar(['telemetry', '--print'])
    expect(code).toBe(0)
    const event = JSON.parse(out) as Record<string, unknown>
    expect(Object.keys(event)).toEqual(fields)
    expect(event).toMatchObject({
      trigger: 'preview',
      version: '0.2.12',
      tracer_selections: {},
      platform: { os: expect.any(String) as string, arch: expect.any(String) as string },
    })
    expect(out).toBe(`${JSON.stringify(event)}\n`)
    expect(files()).toEqual([])
    expect(collector.requests).toBe(0)
  })

  it('prints what is sent, except for ids and times', async () => {
    const { roar, quiet, delivered, collector } = await stage()
    await roar(['show'])
    await roar(['run', '--tracer', 'ebpf', '--', ...job])
    const { out } = await roar(['telemetry', '--print'])
    await quiet()
    const [printed, sent] = [JSON.parse(out) as RoarEvent, delivered().at(-1)]
    expect(printed).toEqual({
      ...sent,
      event_id: printed.event_id,
      sequence: 4,
      trigger: 'preview',
      trigger_ts: printed.trigger_ts,
    })
    expect(printed.event_id).not.toBe(sent?.event_id)
    for (const { json } of collector.events) expect(Object.keys(json as object)).toEqual(fields)
  })
})

describe.concurrent('the milestones', () => {
  it('are reached as documented and then no more', async () => {
    const { roar, quiet, delivered, collector } = await stage()
    const first = await roar(['init'])
    expect(first.err).toMatch(/Turn off: roar telemetry disable, or ROAR_NO_TELEMETRY=1/)
    await quiet()
    expect(collector.requests).toBe(0)

    const steps: readonly (readonly [step: readonly string[], fires: readonly string[]])[] = [
      [['show'], ['first_seen_for_install_id', 'first_seen_for_version', 'init']],
      [['run', '--', ...job], ['first_successful_roar_run']],
      [['run', '--fail', 'dirty', '--', ...job], []],
      [['run', '--', ...job], ['second_successful_roar_run']],
      [['run', '--', ...job], ['third_successful_roar_run']],
      [['run', '--', ...job], []],
      [['register', '--dry-run'], []],
      [['register'], ['register']],
      [['register'], []],
      [['reset'], ['reset']],
      [['init'], []],
      [['reset'], []],
      [['dag'], []],
    ]
    for (const [step, fires] of steps) {
      const before = collector.events.length
      const { err } = await roar(step)
      await quiet()
      expect(err).toBe('')
      expect(triggersOf(delivered().slice(before))).toEqual(fires)
    }
    expect(delivered().map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('are reached only by a successful init and reset', async () => {
    const { roar, queued, counted } = await stage()
    expect(await roar(['reset'])).toMatchObject({ code: 1 })
    expect(queued()).toEqual([])
    await roar(['init'])
    expect(await roar(['init'])).toMatchObject({ code: 1 })
    expect(counted().subcommand_counts).toEqual({ init: 1 })
  })
})

describe.concurrent('delivery', () => {
  it('waits for the second run and is done by a detached process', async () => {
    const { roar, quiet, queued, delivered, collector, home } = await stage()
    const first = await roar(['run', '--', ...job])
    expect(first.err).toMatch(/Nothing is sent during this first run/)
    expect(collector.connections).toBe(0)
    const waiting = queued()
    expect(triggersOf(waiting)).toEqual([
      'first_seen_for_install_id',
      'first_seen_for_version',
      'first_successful_roar_run',
    ])

    const second = await roar(['show'])
    expect(second.err).toBe('')
    await collector.received(3)
    await quiet()
    expect(delivered()).toEqual(waiting)
    expect(queued()).toEqual([])
    expect(collector.events.map(({ path: route }) => route)).toEqual(
      Array.from({ length: 3 }, () => '/api/v1/telemetry/roar'),
    )
    const log = JSON.parse((await roar(['telemetry', 'log', '--json'])).out) as {
      event: RoarEvent
    }[]
    expect(log.map(({ event }) => event)).toEqual(expect.arrayContaining([...waiting]))
    expect(home.has('config/roar/telemetry_id')).toBe(true)
  })

  it('also follows events from roar telemetry record', async () => {
    const { roar, quiet, delivered } = await stage()
    await roar(['show'])
    const { code } = await roar(['telemetry', 'record', 'usage'], {
      input: '{"subcommand": "run", "outcome": "success", "engine": "ptrace"}',
    })
    expect(code).toBe(0)
    await quiet()
    expect(delivered().at(-1)).toMatchObject({
      trigger: 'first_successful_roar_run',
      version: '0.2.12',
      tracer_selections: { ptrace: 1 },
    })
  })
})

describe.concurrent('roar run', () => {
  it('counts how it ended and which tracer was active', async () => {
    const { roar, quiet, counted } = await stage()
    const exit = (code: number) => [process.execPath, '-e', `process.exit(${code})`]
    const interrupted = [process.execPath, '-e', 'process.kill(process.pid, "SIGINT")']
    expect(await roar(['run', '--tracer', 'ptrace', '--', ...exit(0)])).toMatchObject({ code: 0 })
    expect(await roar(['run', '--', ...exit(3)])).toMatchObject({ code: 3 })
    expect(await roar(['run', '--', ...interrupted])).toMatchObject({ code: 130 })
    expect(await roar(['run', '--', 'there-is-no-such-program'])).toMatchObject({ code: 127 })
    for (const kind of ['dirty', 'tracer_setup', 'internal', 'of my own invention']) {
      expect(await roar(['run', '--tracer', 'of my own', '--fail', kind])).toMatchObject({
        code: 1,
      })
    }
    await quiet()
    expect(counted()).toMatchObject({
      subcommand_counts: {
        run: 8,
        run_success: 1,
        run_failed_user_exit: 2,
        run_failed_interrupted: 1,
        run_failed_dirty: 1,
        run_failed_tracer_setup: 1,
        run_failed_internal: 1,
      },
      selections: { ptrace: 1, auto: 3, unknown: 4 },
    })
  })

  it('reports the capabilities of this install', async () => {
    const { roar, counted } = await stage()
    await roar(['run', '--', ...job], { env: { RAY_ADDRESS: 'auto', ROAR_PROXY: '1' } })
    expect(counted().feature_capabilities).toMatchObject({ proxy: true, ray: true, osmo: false })
  })

  it('does not count a nested run a second time', async () => {
    const { roar, counted, quiet } = await stage()
    const show = [process.execPath, roarFile, 'show']
    const { out, code } = await roar(['run', '--', ...show])
    expect({ out, code }).toEqual({ out: 'roar show: done\n', code: 0 })
    await quiet()
    expect(counted().subcommand_counts).toEqual({ run: 1, run_success: 1 })
  })
})
