import { execFile } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, it } from 'vitest'

import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { openWorker } from '../../../infra/worker/src/open-worker.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'
import { openSegments } from '../../../infra/worker/src/sinks/segments.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { finished, started, uuidOf } from './support/events.ts'
import { withFault } from './support/faults.ts'
import { requestOf } from './support/requests.ts'
import { key, openLogged } from './support/stage.ts'

const home = tempHome()
const dayMs = 86_400_000
let folders = 0

function newFolder(): string {
  folders += 1
  return home.at(`events-${folders}`)
}

/** A clock that the test sets, beside the time that really passes. */
function clockAt(time: string) {
  const clock = {
    time: Date.parse(time),
    elapsed: 0,
    now: () => clock.time,
    passed: () => clock.elapsed,
    /** Time goes by. */
    pass: (ms: number) => {
      clock.time += ms
      clock.elapsed += ms
    },
    /** Somebody sets the clock. */
    jump: (ms: number) => {
      clock.time += ms
    },
  }
  return clock
}

async function open(
  folder: string,
  worker = 'one',
  { clock = clockAt('2026-11-28T12:00:00Z'), days }: { clock?: Clock; days?: number } = {},
) {
  const settings = readSettings({
    INGESTION_KEY: key,
    EVENTS_DIR: folder,
    WORKER_NAME: worker,
    ...(days !== undefined && { RETENTION_DAYS: String(days) }),
  })
  const logged = openLogged()
  const opened = await openWorker(settings, logged, clock)
  const handle = fetchHandlerOf(opened)
  const send = async (bytes: string) => (await handle(requestOf(bytes))).status
  const figure = async (name: string) =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await opened.figures())?.[1])
  return { worker: opened, send, figure, clock, logged }
}

type Clock = ReturnType<typeof clockAt>

function segmentsIn(folder: string): Readonly<Record<string, readonly string[]>> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ndjson'))
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const text = readFileSync(path.join(folder, name), 'utf8')
      return [name, text.split('\n').slice(0, -1).map(uuidOf)]
    }),
  )
}

describe('segments', () => {
  it('begin at midnight UTC, by arrival, under load, and nothing is lost or stored twice', async () => {
    const folder = newFolder()
    const { worker, send, clock } = await open(folder, 'one', {
      clock: clockAt('2026-11-28T23:59:59.900Z'),
    })
    const events = Array.from({ length: 400 }, () => finished())
    const days = new Map<string, string>()
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (const [index, bytes] of events.entries()) {
          if (index % 8 !== lane) continue
          const before = clock.time
          expect(await send(bytes)).toBe(204)
          clock.pass(1)
          const day = (time: number) => new Date(time).toISOString().slice(0, 10)
          if (day(before) === day(clock.time)) days.set(uuidOf(bytes), day(before))
        }
      }),
    )
    await worker.close()
    const segments = segmentsIn(folder)
    expect(Object.keys(segments)).toEqual(['2026-11-28.one.ndjson', '2026-11-29.one.ndjson'])
    expect(Object.values(segments).flat().toSorted()).toEqual(events.map(uuidOf).toSorted())
    for (const [uuid, day] of days) expect(segments[`${day}.one.ndjson`]).toContain(uuid)
  })

  it('know every event again after a restart, on another day, under another name', async () => {
    const folder = newFolder()
    const events = Array.from({ length: 20 }, () => finished())
    const first = await open(folder)
    for (const bytes of events.slice(0, 10)) expect(await first.send(bytes)).toBe(204)
    first.clock.pass(dayMs)
    for (const bytes of events.slice(10)) expect(await first.send(bytes)).toBe(204)
    await first.worker.close()
    const before = segmentsIn(folder)
    for (const name of ['one', 'two']) {
      const again = await open(folder, name, { clock: clockAt('2026-12-03T00:00:00Z') })
      for (const bytes of events) expect(await again.send(bytes)).toBe(204)
      expect(await again.figure('telemetry_events_repeated_total')).toBe(20)
      await again.worker.close()
    }
    expect(segmentsIn(folder)).toEqual(before)
  })

  it('of workers that are no more are not looked at for ever', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    const [old, late] = [finished(), finished()]
    const gone = path.join(folder, '2026-11-20.gone.ndjson')
    writeFileSync(gone, `${old}\n`)
    const tenDaysAgo = Date.now() / 1000 - 864_000
    utimesSync(gone, tenDaysAgo, tenDaysAgo)
    writeFileSync(path.join(folder, '2026-11-28.two.ndjson'), `${finished()}\n`)
    const { worker, send, clock } = await open(folder)
    const two = path.join(folder, '2026-11-28.two.ndjson')
    appendFileSync(two, `${late}\n`)
    expect([await send(old), await send(late)]).toEqual([204, 204])
    expect(readdirSync(folder)).not.toContain('2026-11-28.one.ndjson')
    // What is appended to either of them from now on is of no living worker.
    clock.pass(3 * dayMs)
    expect(await send(finished())).toBe(204)
    const [first, second] = [finished(), finished()]
    appendFileSync(gone, `${first}\n`)
    appendFileSync(two, `${second}\n`)
    expect([await send(first), await send(second), await send(late)]).toEqual([204, 204, 204])
    expect(segmentsIn(folder)['2026-12-01.one.ndjson']).toHaveLength(3)
    await worker.close()
  })

  it('are known again after a restart, however much another worker has stored', async () => {
    const folder = newFolder()
    const bytes = finished()
    const before = await open(folder)
    expect(await before.send(bytes)).toBe(204)
    await before.worker.close()
    const filler = `${'x'.repeat(1024 * 1024 - 1)}\n`.repeat(65)
    writeFileSync(path.join(folder, '2026-11-28.two.ndjson'), filler)
    const { worker, send } = await open(folder)
    expect(await send(bytes)).toBe(204)
    expect(readFileSync(path.join(folder, '2026-11-28.one.ndjson'), 'utf8')).toBe(`${bytes}\n`)
    await worker.close()
  })

  it('of two workers have an event once, whichever of them it reaches first', async () => {
    const folder = newFolder()
    const [one, two] = [await open(folder, 'one'), await open(folder, 'two')]
    const events = Array.from({ length: 60 }, () => finished())
    for (const [index, bytes] of events.entries()) {
      const [first, second] = index % 2 === 0 ? [one, two] : [two, one]
      expect([await first.send(bytes), await second.send(bytes)]).toEqual([204, 204])
    }
    // Midnight comes to one of them first.
    one.clock.pass(dayMs)
    const late = finished()
    expect([await one.send(late), await two.send(late)]).toEqual([204, 204])
    await Promise.all([one.worker.close(), two.worker.close()])
    const segments = segmentsIn(folder)
    expect(Object.keys(segments)).toEqual([
      '2026-11-28.one.ndjson',
      '2026-11-28.two.ndjson',
      '2026-11-29.one.ndjson',
    ])
    const all = Object.values(segments).flat()
    expect(all.toSorted()).toEqual([...events, late].map(uuidOf).toSorted())
  })

  it('of two workers have an event once, also after the clock of one was wrong', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    writeFileSync(path.join(folder, '2031-01-01.three.ndjson'), `${finished()}\n`)
    const [one, two] = [await open(folder, 'one'), await open(folder, 'two')]
    const events: string[] = []
    // Forth over midnight and back, to days that come in any order.
    for (const days of [0, 900, 1, 1, 1, -903, -2, 3]) {
      one.clock.jump(days * dayMs)
      const bytes = finished()
      expect([await one.send(bytes), await two.send(bytes)]).toEqual([204, 204])
      events.push(bytes)
    }
    await Promise.all([one.worker.close(), two.worker.close()])
    const all = Object.values(segmentsIn(folder)).flat()
    expect(all).toEqual(expect.arrayContaining(events.map(uuidOf)))
    expect(all).toHaveLength(events.length + 1)
  })

  it.each([
    ['took back', []],
    ['took back, and wrote another in its place', [finished()]],
  ])('count no event as stored that another worker %s', async (_, instead) => {
    const folder = newFolder()
    const { worker, send } = await open(folder)
    const other = path.join(folder, '2026-11-28.two.ndjson')
    const [before, bytes] = [finished(), finished()]
    writeFileSync(other, `${before}\n`)
    expect(await send(finished())).toBe(204)
    // Its disk is full: it rolls back what was not confirmed.
    appendFileSync(other, `${bytes}\n`)
    expect(await send(finished())).toBe(204)
    truncateSync(other, before.length + 1)
    for (const line of instead) appendFileSync(other, `${line}\n`)
    expect(await send(bytes)).toBe(204)
    expect(await send(before)).toBe(204)
    await worker.close()
    const { '2026-11-28.one.ndjson': ours } = segmentsIn(folder)
    expect(ours).toHaveLength(3)
    expect(ours).toContain(uuidOf(bytes))
  })

  it('read no more of a large one that somebody put beside them than at the start', async () => {
    const folder = newFolder()
    const { worker, send } = await open(folder)
    const [first, last] = [finished(), finished()]
    const filler = `${'x'.repeat(1024 * 1024 - 1)}\n`.repeat(65)
    writeFileSync(path.join(folder, '2026-11-20.two.ndjson'), `${first}\n${filler}${last}\n`)
    expect([await send(last), await send(first)]).toEqual([204, 204])
    const ours = readFileSync(path.join(folder, '2026-11-28.one.ndjson'), 'utf8')
    expect(ours).toBe(`${first}\n`)
    await worker.close()
  })

  it('begin again where they were moved away or deleted', async () => {
    const folder = newFolder()
    const { worker, send } = await open(folder)
    const [one, two, three] = [finished(), finished(), finished()]
    const file = path.join(folder, '2026-11-28.one.ndjson')
    expect(await send(one)).toBe(204)
    renameSync(file, home.at(`moved-${folders}`))
    expect(await send(two)).toBe(204)
    expect(segmentsIn(folder)).toEqual({ '2026-11-28.one.ndjson': [uuidOf(two)] })
    rmSync(file)
    expect(await send(three)).toBe(204)
    expect(segmentsIn(folder)).toEqual({ '2026-11-28.one.ndjson': [uuidOf(three)] })
    expect(home.read(`moved-${folders}`)).toBe(`${one}\n`)
    rmSync(folder, { recursive: true })
    expect(await send(finished())).toBe(503)
    await worker.close()
  })

  it('begin a line of their own behind half a line that somebody left in the open file', async () => {
    const folder = newFolder()
    const { worker, send } = await open(folder)
    const file = path.join(folder, '2026-11-28.one.ndjson')
    const events = [finished(), finished(), finished()]
    expect(await send(events[0] ?? '')).toBe(204)
    appendFileSync(file, '{"half')
    expect(await send(events[1] ?? '')).toBe(204)
    truncateSync(file, 10)
    expect(await send(events[2] ?? '')).toBe(204)
    const [torn, line] = readFileSync(file, 'utf8').split('\n')
    expect([torn?.length, line]).toEqual([10, events[2]])
    await worker.close()
  })

  it('lose half a line that a crash left, and take its event again', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    const [whole, torn] = [finished(), started()]
    const file = path.join(folder, '2026-11-28.one.ndjson')
    for (const length of [1, 40, torn.length - 1, torn.length]) {
      writeFileSync(file, `${whole}\n${torn.slice(0, length)}`)
      const { worker, send } = await open(folder)
      expect(await send(torn)).toBe(204)
      expect(await send(whole)).toBe(204)
      await worker.close()
      expect(readFileSync(file, 'utf8')).toBe(`${whole}\n${torn}\n`)
    }
    writeFileSync(file, torn.slice(0, 50))
    const { worker, send } = await open(folder)
    expect(await send(torn)).toBe(204)
    await worker.close()
    expect(readFileSync(file, 'utf8')).toBe(`${torn}\n`)
  })

  it('keep the last line of a file that somebody wrote again without its end', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    const [stored, next] = [finished(), finished()]
    const file = path.join(folder, '2026-11-28.one.ndjson')
    writeFileSync(file, stored)
    const { worker, send } = await open(folder)
    expect([await send(next), await send(stored)]).toEqual([204, 204])
    await worker.close()
    expect(readFileSync(file, 'utf8')).toBe(`${stored}\n${next}\n`)
  })

  it('whose folder is gone say so, and not that the name is taken, and go on when it is back', async () => {
    const folder = newFolder()
    const options = { note: () => undefined, lease: { ms: 1000, renewMs: 5 } }
    const { sink } = await openSegments(
      { folder, worker: 'one', retentionDays: undefined },
      options,
    )
    rmSync(folder, { recursive: true })
    const causes: (string | undefined)[] = []
    await eventually(async () => {
      causes.push((await sink.probe())?.cause)
      expect(causes.length).toBeGreaterThan(20)
    })
    expect(new Set(causes)).toEqual(new Set(['file: the folder is gone']))
    mkdirSync(folder)
    await eventually(async () => expect(await sink.probe()).toBeUndefined())
    await sink.close()
  })

  it('take half a line of another worker for no event', async () => {
    const folder = newFolder()
    const { worker, send } = await open(folder)
    const bytes = finished()
    // All of it but the end: the id is there.
    appendFileSync(path.join(folder, '2026-11-28.two.ndjson'), bytes.slice(0, -1))
    expect(await send(bytes)).toBe(204)
    await worker.close()
    expect(segmentsIn(folder)['2026-11-28.one.ndjson']).toEqual([uuidOf(bytes)])
  })

  it('follow a clock that is set, and go on', async () => {
    const folder = newFolder()
    const { worker, send, clock } = await open(folder)
    const events = [finished(), finished(), finished(), finished()]
    const jumps = [0, 400 * dayMs, -400 * dayMs, -dayMs]
    for (const [index, bytes] of events.entries()) {
      clock.jump(jumps[index] ?? 0)
      expect(await send(bytes)).toBe(204)
    }
    await worker.close()
    const [one = '', far = '', two = '', before = ''] = events.map(uuidOf)
    expect(segmentsIn(folder)).toEqual({
      '2026-11-27.one.ndjson': [before],
      '2026-11-28.one.ndjson': [one, two],
      '2028-01-02.one.ndjson': [far],
    })
  })
})

describe('a backup', () => {
  it('made by tar under load holds every event answered before, and is restored by unpacking', async () => {
    const folder = newFolder()
    const { worker, send } = await open(folder)
    const events = Array.from({ length: 400 }, () => finished())
    const answered = new Set<string>()
    let packed: Promise<unknown> | undefined
    let before: readonly string[] = []
    for (const bytes of events) {
      expect(await send(bytes)).toBe(204)
      answered.add(bytes)
      if (answered.size !== 200) continue
      before = [...answered]
      const words = ['-C', folder, '--exclude=*.lock', '-czf', `${folder}.tar.gz`, '.']
      packed = promisify(execFile)('tar', words).then(
        () => 0,
        ({ code }: { code: number }) => code,
      )
    }
    // GNU tar ends with 1 if a file grew meanwhile, which is no fault here.
    expect([0, 1]).toContain(await packed)
    await worker.close()

    const restored = newFolder()
    mkdirSync(restored)
    await promisify(execFile)('tar', ['-C', restored, '-xzf', `${folder}.tar.gz`])
    const again = await open(restored)
    for (const bytes of before) expect(await again.send(bytes)).toBe(204)
    expect(await again.figure('telemetry_events_repeated_total')).toBe(200)
    for (const bytes of events) expect(await again.send(bytes)).toBe(204)
    await again.worker.close()
    expect(segmentsIn(restored)).toEqual({ '2026-11-28.one.ndjson': events.map(uuidOf) })
  })
})

describe('retention', () => {
  const old = [
    '2026-10-01.one.ndjson',
    '2026-10-28.two.ndjson',
    '2026-10-28.gone.ndjson.gz',
    '2026-10-28.parquet',
    'roar/2026-10-01.one.ndjson',
    '.2026-10-28.parquet.4711.tmp',
    '.2026-10-28.one.ndjson.gz.4711.tmp',
  ]
  const kept = [
    '2026-10-29.one.ndjson',
    '2026-10-29.parquet',
    'roar/2026-11-28.two.ndjson',
    'erased.ndjson',
    '2026-10-01.txt',
    'notes-2026-10-01.one.ndjson',
  ]

  function filled(): string {
    const folder = newFolder()
    for (const name of [...old, ...kept]) home.write(path.join(folder, name), `${finished()}\n`)
    return folder
  }
  const filesIn = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('.') && !name.endsWith('.lock'))
      .toSorted()

  it('deletes whole days at the start, of every worker and product, and nothing else', async () => {
    const folder = filled()
    const { worker, logged } = await open(folder, 'one', { days: 30 })
    expect(filesIn(folder)).toEqual(kept.toSorted())
    expect(logged.text()).toContain('7 files older than 30 days were deleted')
    await worker.close()
  })

  it('names a file that can’t be deleted, and deletes the rest', async () => {
    const folder = filled()
    const stuck = ['2026-10-01.parquet', 'roar/2026-10-01.parquet']
    for (const name of stuck) mkdirSync(path.join(folder, name))
    const { worker, logged } = await open(folder, 'one', { days: 30 })
    expect(filesIn(folder)).toEqual([...stuck, ...kept].toSorted())
    for (const name of stuck)
      expect(logged.text()).toContain(`retention: ${name} could not be deleted`)
    await worker.close()
  })

  it('names a folder that can’t be read, and deletes what is in the others', async () => {
    const folder = filled()
    // As a file system has it that begins there.
    mkdirSync(path.join(folder, 'lost+found'))
    await withFault('readdir', /lost\+found$/, 'EACCES', async () => {
      const { worker, logged } = await open(folder, 'one', { days: 30 })
      expect(filesIn(folder)).toEqual(kept.toSorted())
      expect(logged.text()).toContain('retention: lost+found could not be read: EACCES')
      await worker.close()
    })
  })

  it('deletes nothing unless it is set', async () => {
    const folder = filled()
    const { worker } = await open(folder)
    expect(filesIn(folder)).toEqual([...old, ...kept].toSorted())
    await worker.close()
  })

  it('acts when the day changes', async () => {
    const folder = filled()
    const { worker, send, clock } = await open(folder, 'one', { days: 30 })
    expect(await send(finished())).toBe(204)
    clock.pass(dayMs)
    expect(await send(finished())).toBe(204)
    await expect.poll(() => filesIn(folder)).not.toContain('2026-10-29.one.ndjson')
    expect(filesIn(folder)).toContain('2026-11-28.one.ndjson')
    await worker.close()
  })

  it('deletes nothing when the clock jumps, until it has stayed so for a day', async () => {
    const folder = filled()
    const { worker, send, clock, logged } = await open(folder, 'one', { days: 30 })
    expect(await send(finished())).toBe(204)
    clock.jump(400 * dayMs)
    expect(await send(finished())).toBe(204)
    await expect.poll(() => logged.text()).toContain('the clock jumped')
    expect(filesIn(folder)).toContain('2026-11-28.one.ndjson')
    clock.pass(dayMs)
    expect(await send(finished())).toBe(204)
    await expect.poll(() => filesIn(folder)).not.toContain('2026-11-28.one.ndjson')
    await worker.close()
  })
})
