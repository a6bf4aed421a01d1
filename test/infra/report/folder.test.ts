import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { seal, unsealed } from '../../../infra/report/src/duckdb/seal.ts'
import { storedId } from '../../../infra/common/src/events/spelling.ts'
import { finished, folder, install, lines, report } from './support/cli.ts'

type Coverage = Readonly<Record<string, number | string | null>>

async function coverageOf(...words: string[]): Promise<Coverage> {
  const { code, out, err } = await report([...words, 'active', '--by', 'day', '--format', 'json'])
  if (code !== 0) throw new Error(err)
  return (JSON.parse(out) as { coverage: Coverage }).coverage
}

function segment(place: string, name: string, ...all: readonly string[]): string {
  const file = path.join(place, name)
  writeFileSync(file, lines(...all))
  return file
}

/** The system's locks are between processes. */
async function holdLock(place: string): Promise<ChildProcess> {
  const file = path.join(place, '.runmat-telemetry-report.lock')
  const program = `import { DuckDBInstance } from '@duckdb/node-api'
    await DuckDBInstance.create(${JSON.stringify(file)})
    console.log('held')
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program])
  await once(child.stdout, 'data')
  return child
}

function reseal(file: string): void {
  const text = readFileSync(file, 'latin1')
  writeFileSync(file, text.replace(/(?<="seal":")[\da-f]{64}/, unsealed), 'latin1')
  seal(file)
}

const client = 'abcdefab-0000-4000-8000-000000000001'

describe('a folder of segments', () => {
  it('is converted once: closed days are read from Parquet, the open day as it is', async () => {
    const place = folder()
    segment(place, '2026-11-26.w1.ndjson', install('complete'), 'broken')
    const closed = segment(place, '2026-11-27.w1.ndjson', finished(), finished())
    segment(place, '2026-11-28.w1.ndjson', finished())
    const first = await coverageOf('--from', place)
    expect(first).toEqual({
      events: 4,
      repeated: 0,
      unreadable: 1,
      undated: 0,
      from: '2026-11-26',
      until: '2026-11-28',
    })
    expect(readdirSync(place).filter((name) => name.endsWith('.parquet'))).toEqual([
      '2026-11-26.parquet',
      '2026-11-27.parquet',
    ])
    // Without the segment the answer is the same, so it came out of Parquet.
    rmSync(closed)
    expect(await coverageOf('--from', place)).toEqual(first)
  })

  it('takes the day of arrival, and an event that comes again belongs to its first day', async () => {
    const place = folder()
    const again = finished({ timestamp_ms: 0 })
    segment(place, '2026-11-25.w1.ndjson', again, again)
    segment(place, '2026-11-26.a.ndjson', again, finished())
    segment(place, '2026-11-26.b.ndjson', again)
    segment(place, '2026-11-28.w1.ndjson', again, finished())
    const { out } = await report(['active', '--from', place, '--by', 'day', '--format', 'json'])
    const answer = JSON.parse(out) as {
      coverage: Coverage
      questions: { active: { rows: object[] } }
    }
    expect(answer.coverage).toMatchObject({ events: 3, repeated: 4, undated: 0 })
    expect(answer.questions.active.rows).toMatchObject([
      { day: '2026-11-25', finished: 1 },
      { day: '2026-11-26', finished: 1 },
      { day: '2026-11-28', finished: 1 },
    ])
  })

  it('converts a day again when a segment of it changed, and the later days that shared events', async () => {
    const place = folder()
    const shared = finished()
    segment(place, '2026-11-26.w1.ndjson', finished())
    segment(place, '2026-11-27.w1.ndjson', shared, finished())
    expect(await coverageOf('--from', place)).toMatchObject({ events: 3, repeated: 0 })
    const late = segment(place, '2026-11-26.late.ndjson', shared)
    utimesSync(late, 1, 1)
    const { out } = await report(['active', '--from', place, '--by', 'day', '--format', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      coverage: { events: 3, repeated: 1 },
      questions: {
        active: {
          rows: [
            { day: '2026-11-26', finished: 2 },
            { day: '2026-11-27', finished: 1 },
          ],
        },
      },
    })
  })

  it('counts an event once, although days outside those asked for were converted at other times', async () => {
    const place = folder()
    const [early, late] = [finished(), finished()]
    segment(place, '2026-10-20.w.ndjson', early)
    segment(place, '2026-11-27.w.ndjson', late)
    expect(await coverageOf('--from', place)).toMatchObject({ events: 2, repeated: 0 })
    // The report reads from 25 October on, and to 26 November.
    segment(place, '2026-10-25.w.ndjson', early)
    segment(place, '2026-11-26.w.ndjson', late)
    const asked = ['--from', place, '--since', '2026-11-25', '--until', '2026-11-26']
    expect(await coverageOf(...asked)).toMatchObject({ events: 1, repeated: 0 })
    const all = { events: 2, repeated: 2, from: '2026-10-20', until: '2026-11-26' }
    expect(await coverageOf('--from', place)).toMatchObject(all)
  })

  it('keeps to the days asked for', async () => {
    const place = folder()
    for (const day of ['24', '25', '26', '27', '28'])
      segment(place, `2026-11-${day}.w.ndjson`, finished(), 'x')
    const within = { unreadable: 2, events: 2, from: '2026-11-25', until: '2026-11-26' }
    expect(
      await coverageOf('--from', place, '--since', '2026-11-25', '--until', '2026-11-26'),
    ).toMatchObject(within)
    expect(await coverageOf('--from', place, '--since', '2d')).toMatchObject({
      events: 2,
      from: '2026-11-27',
    })
    expect(
      await coverageOf('--from', place, '--since', '2d', '--until', '2026-11-26'),
    ).toMatchObject(within)
  })

  it('reads compressed segments and single files alike, and other products only when asked', async () => {
    const place = folder()
    writeFileSync(path.join(place, '2026-11-27.w.ndjson.gz'), gzipSync(lines(install('complete'))))
    mkdirSync(path.join(place, 'roar'))
    segment(path.join(place, 'roar'), '2026-11-27.w.ndjson', install('complete'))
    writeFileSync(path.join(place, 'erased.ndjson'), '{"id":"x"}\n')
    expect(await coverageOf('--from', place)).toMatchObject({ events: 1, unreadable: 0 })
    expect(await coverageOf('--from', path.join(place, '2026-11-27.w.ndjson.gz'))).toMatchObject({
      events: 1,
      undated: 0,
    })
    const loose = segment(place, 'events.ndjson', install('complete'))
    expect(await coverageOf('--from', loose)).toMatchObject({ events: 1, undated: 1 })
    expect(await coverageOf('--from', loose, '--from', place)).toMatchObject({
      events: 2,
      undated: 1,
    })
    expect(
      await coverageOf('--from', place, '--from', path.join(place, '2026-11-27.parquet')),
    ).toMatchObject({ events: 1, repeated: 1 })
  })

  it('is read as it is while another report converts it', async () => {
    const place = folder()
    segment(place, '2026-11-27.w.ndjson', finished(), 'x')
    const { code, out, err } = await report(['coverage', '--from', place, '--format', 'json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    rmSync(path.join(place, '2026-11-27.parquet'))
    const other = await holdLock(place)
    const second = await report(['coverage', '--from', place, '--format', 'json'])
    other.kill()
    const note = `Another report is converting ${place}. Its segments are read as they are.`
    expect(second).toEqual({ code: 0, out, err: `${note}\n` })
    expect(existsSync(path.join(place, '2026-11-27.parquet'))).toBe(false)
  })
})

describe('bad input', () => {
  it.each([0, 100, 4096, 8192])(
    'converts and erases again after a full disk left %i bytes of its lock',
    async (size) => {
      const place = folder()
      segment(place, '2026-11-26.w.ndjson', finished())
      await coverageOf('--from', place)
      const lock = path.join(place, '.runmat-telemetry-report.lock')
      writeFileSync(lock, readFileSync(lock).subarray(0, size))
      expect(await report(['erase', '--from', place])).toMatchObject({ code: 0, err: '' })
      segment(place, '2026-11-27.w.ndjson', finished())
      writeFileSync(lock, readFileSync(lock).subarray(0, size))
      expect(await report(['--from', place])).toMatchObject({ code: 0, err: '' })
      expect(readdirSync(place)).toContain('2026-11-27.parquet')
      expect(readdirSync(place).filter((name) => name.endsWith('.tmp'))).toEqual([])
    },
  )

  it('counts truncated lines, NULs and half-written segments, and is never stopped by them', async () => {
    const place = folder()
    const whole = finished()
    const bytes = Buffer.concat([
      Buffer.from(lines(whole)),
      Buffer.alloc(4096),
      Buffer.from(`\n\n\r\n${'x'.repeat(6_000_000)}\n`),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(`${finished()}\r\n`),
      Buffer.from(finished().slice(0, 200)),
    ])
    writeFileSync(path.join(place, '2026-11-28.w.ndjson'), bytes)
    expect(await coverageOf('--from', place)).toMatchObject({ events: 2, unreadable: 4 })
  })

  it('answers for an empty folder and an empty file with nothing, not with an error', async () => {
    const place = folder()
    expect(await coverageOf('--from', place)).toEqual({
      events: 0,
      repeated: 0,
      unreadable: 0,
      undated: 0,
      from: null,
      until: null,
    })
    expect(readdirSync(place)).toEqual([])
    segment(place, '2026-11-20.w.ndjson')
    const { code, out } = await report(['--from', place, '--format', 'html'])
    expect({ code, says: out.includes('No events.') }).toEqual({ code: 0, says: true })
  })

  it('names a compressed file that is cut short, and leaves nothing half-written', async () => {
    const place = folder()
    const whole = gzipSync(lines(...Array.from({ length: 500 }, () => finished())))
    writeFileSync(path.join(place, '2026-11-20.w.ndjson.gz'), whole.subarray(0, whole.length / 2))
    const { code, out, err } = await report(['--from', place])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('2026-11-20.w.ndjson.gz: the compressed file is cut short or damaged')
    expect(readdirSync(place).filter((name) => name.includes('parquet'))).toEqual([])
  })

  it('is stopped by a damaged file only if its day was asked for, and says what to do', async () => {
    const place = folder()
    const again = finished()
    const whole = gzipSync(lines(...Array.from({ length: 500 }, () => finished())))
    const damaged = (day: string) =>
      writeFileSync(path.join(place, `${day}.w.ndjson.gz`), whole.subarray(0, whole.length / 2))
    // One is too old to matter, two may hold what comes again, and the others are later.
    for (const day of ['2026-06-01', '2026-11-20', '2026-11-27', '2026-11-28']) damaged(day)
    writeFileSync(path.join(place, '2026-11-21.parquet'), 'PAR1 no more')
    writeFileSync(path.join(place, '2026-11-26.parquet'), 'PAR1 no more')
    segment(place, '2026-11-24.w.ndjson', again)
    segment(place, '2026-11-25.w.ndjson', again, finished())
    const ask = (...words: readonly string[]) =>
      report(['coverage', '--from', place, '--format', 'json', ...words])
    const { code, out, err } = await ask('--since', '2026-11-25', '--until', '2026-11-25')
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({
      code: 0,
      coverage: { events: 1, repeated: 1 },
    })
    const notes = err.trim().split('\n')
    expect(notes).toHaveLength(2)
    expect(notes[0]).toContain('2026-11-21.parquet: it is damaged, or no Parquet file. The report')
    expect(notes[1]).toContain('continues without it: 2026-11-20 was not asked for.')
    const hint = 'Move it out of the folder and run this again.\n'
    for (const [day, name] of [
      ['2026-11-20', '2026-11-20.w.ndjson.gz'],
      ['2026-11-26', '2026-11-26.parquet'],
      ['2026-11-28', '2026-11-28.w.ndjson.gz'],
    ] as const) {
      const stopped = await ask('--since', day, '--until', day)
      expect({ code: stopped.code, out: stopped.out }).toEqual({ code: 1, out: '' })
      expect(stopped.err).toContain(name)
      expect(stopped.err.endsWith(hint)).toBe(true)
    }
    // The open day is read as it is.
    const tomorrow = await ask('--since', '2026-11-29')
    expect(tomorrow.code).toBe(0)
    expect(tomorrow.err).toContain('2026-11-28 was not asked for.')
  })

  /** A bit of a random id in the first third, which DuckDB reads without noticing. */
  const flipped = (bytes: Buffer, at: number) => {
    bytes[at] = bytes.readUInt8(at) ^ 1
    return bytes
  }
  const said = (bytes: Buffer, before: string, after: string) =>
    Buffer.from(bytes.toString('latin1').replace(before, after), 'latin1')
  const otherVersion = (bytes: Buffer) => said(bytes, '"version":2', '"version":9')
  const damages: readonly (readonly [string, (whole: Buffer) => Buffer, string])[] = [
    [
      'one bit of its body',
      (whole) => flipped(whole, Math.floor(whole.length / 3)),
      'it is damaged',
    ],
    ['a hole', (whole) => whole.fill(0, 2000, 3000), 'it is damaged'],
    ['one bit of its footer', (whole) => flipped(whole, whole.length - 2000), 'it is damaged'],
    ['cut short', (whole) => whole.subarray(0, whole.length / 2), 'it is damaged'],
    ['without its end', (whole) => whole.subarray(0, -1), 'it is damaged'],
    ['empty', () => Buffer.alloc(0), 'it is damaged'],
    ['another version', otherVersion, 'it was made by another version (9) of this program'],
    ['without its seal', (whole) => said(whole, '"seal":', '"leak":'), 'it is damaged'],
    [
      'before there were seals',
      (whole) => said(otherVersion(whole), '"seal":', '"leak":'),
      'version (9)',
    ],
  ]

  it.each(damages)(
    'converts a day again whose Parquet file is damaged (%s), and names it if it can’t',
    async (_, damage, problem) => {
      const place = folder()
      const all = Array.from({ length: 300 }, () =>
        finished({}, { cid: randomUUID(), session_id: randomUUID(), uuid: randomUUID() }),
      )
      const file = segment(place, '2026-11-20.w.ndjson', ...all)
      const ask = () => report(['--from', place, '--format', 'json'])
      const first = await ask()
      const parquet = path.join(place, '2026-11-20.parquet')
      const whole = readFileSync(parquet)
      const damaged = damage(Buffer.from(whole))
      writeFileSync(parquet, damaged)
      if (damage === otherVersion) reseal(parquet)
      const second = await ask()
      expect(second).toMatchObject({ code: 0, out: first.out })
      expect(second.err).toContain(parquet)
      expect(second.err).toContain(problem)
      expect(second.err).toContain('Its segments are read instead.')
      expect(await ask()).toEqual({ code: 0, out: first.out, err: '' })
      writeFileSync(parquet, damaged)
      if (damage === otherVersion) reseal(parquet)
      rmSync(file)
      const third = await ask()
      expect(third).toMatchObject({ code: 1, out: '' })
      expect(third.err).toContain(problem)
      expect(third.err).toContain('Move it out of the folder and run this again.')
      expect(readdirSync(place).filter((name) => !name.endsWith('.lock'))).toEqual([
        '2026-11-20.parquet',
      ])
      expect(await report(['erase', '--from', place, '--prove', client])).toMatchObject({ code: 1 })
    },
  )

  it('reads the days before only where lines are compared with them', async () => {
    const place = folder()
    for (const day of ['2026-11-20', '2026-11-27']) segment(place, `${day}.w.ndjson`, finished())
    await coverageOf('--from', place)
    const parquet = path.join(place, '2026-11-20.parquet')
    writeFileSync(parquet, flipped(readFileSync(parquet), 100))
    rmSync(path.join(place, '2026-11-20.w.ndjson'))
    const ask = () => report(['coverage', '--from', place, '--since', '2026-11-27'])
    expect(await ask()).toMatchObject({ code: 0, err: '' })
    const lone = segment(folder(), 'lone.ndjson', finished())
    const note = `Can't read ${parquet}: it is damaged. The report continues without it: 2026-11-20 was not asked for.\n`
    expect(
      await report(['coverage', '--from', place, '--from', lone, '--since', '2026-11-27']),
    ).toMatchObject({ code: 0, err: note })
    segment(place, '2026-11-28.w.ndjson', finished())
    const before = readFileSync(parquet)
    expect(await ask()).toMatchObject({ code: 0, err: note })
    // Without its segments, it is all that there is of the day.
    expect(readFileSync(parquet)).toEqual(before)
  })

  it('does without a damaged day that only a conversion compares ids with', async () => {
    const place = folder()
    for (const day of ['2026-10-01', '2026-10-10', '2026-11-06'])
      segment(place, `${day}.w.ndjson`, finished())
    await coverageOf('--from', place)
    const parquet = path.join(place, '2026-10-01.parquet')
    writeFileSync(parquet, flipped(readFileSync(parquet), 100))
    segment(place, '2026-10-10.late.ndjson', finished())
    const words = ['coverage', '--from', place, '--since', '2026-11-05', '--format', 'json']
    const { code, out, err } = await report(words)
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ coverage: { events: 1 } })
    expect(err).toBe(
      `${parquet} is damaged. The report continues without it: 2026-10-01 was not asked for.\n`,
    )
    expect(await coverageOf('--from', place)).toMatchObject({ events: 4 })
  })

  it('names a Parquet file that is damaged', async () => {
    const file = path.join(folder(), 'x.parquet')
    writeFileSync(file, 'PAR1 no more')
    expect(await report(['--from', file])).toMatchObject({
      code: 1,
      out: '',
      err: `Can't read ${file}: it is damaged, or no Parquet file.\n`,
    })
  })

  it('takes a clock of 1970 for what it says, and 10,000 codes for 10,000 rows', async () => {
    const all = Array.from({ length: 10_000 }, (_, at) =>
      finished({ success: false, error: `RunMat:E${at}`, timestamp_ms: at === 0 ? 0 : undefined }),
    )
    const { out } = await report(['failures', '--from', '-', '--format', 'json'], {
      stdin: lines(...all),
    })
    const answer = JSON.parse(out) as {
      coverage: Coverage
      questions: { failures: { rows: object[] } }
    }
    expect(answer.questions.failures.rows).toHaveLength(10_000)
    expect(answer.coverage).toMatchObject({ events: 10_000, undated: 9_999, from: '1970-01-01' })
    const page = await report(['--from', '-', '--format', 'html'], { stdin: lines(...all) })
    expect(page.out.length).toBeLessThan(200_000)
  })
})

describe('erase', () => {
  it('removes what tombstones name from closed segments and Parquet, and proves it', async () => {
    const place = folder()
    const single = finished()
    const { uuid } = JSON.parse(single) as { uuid: string }
    const kept = [finished(), 'broken line']
    const file = segment(
      place,
      '2026-11-26.w.ndjson',
      finished({}, { cid: client.toUpperCase() }),
      ...kept,
      single,
      `{"cid":"${client}","half`,
    )
    const zipped = path.join(place, '2026-11-27.w.ndjson.gz')
    writeFileSync(zipped, gzipSync(lines(install('complete', { cid: client }), ...kept)))
    await coverageOf('--from', place)
    expect(await report(['erase', '--from', place, '--prove', client])).toMatchObject({ code: 1 })
    writeFileSync(
      path.join(place, 'erased.ndjson'),
      lines(
        `{"id":"${client}","day":"2026-11-28"}`,
        '{"id":"half a line of a full di',
        `{"uuid":"${uuid}","day":"2026-11-28"}`,
      ),
    )
    expect(await report(['erase', '--from', place, '--pending'])).toMatchObject({ code: 1 })
    expect(await report(['erase', '--from', place])).toEqual({
      code: 0,
      out: '4 events erased from 4 files.\n',
      err: '',
    })
    expect(await report(['erase', '--from', place, '--prove', client])).toMatchObject({ code: 0 })
    expect(await report(['erase', '--from', place, '--pending'])).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toBe(lines(...kept))
    expect(await coverageOf('--from', place)).toMatchObject({ events: 1, repeated: 1 })
    const parquet = readdirSync(place).filter((name) => name.endsWith('.parquet'))
    expect(parquet).toHaveLength(2)
    // A UUID lies in Parquet as its sixteen bytes.
    const bytes = Buffer.from(client.replaceAll('-', ''), 'hex')
    for (const name of parquet)
      expect(readFileSync(path.join(place, name)).includes(bytes)).toBe(false)
  })

  it('hides no segment from the next report that came after the day was converted', async () => {
    const place = folder()
    segment(place, '2026-11-26.w.ndjson', finished({}, { cid: client }), finished())
    expect(await coverageOf('--from', place)).toMatchObject({ events: 2 })
    segment(place, '2026-11-26.late.ndjson', finished())
    writeFileSync(path.join(place, 'erased.ndjson'), `{"id":"${client}","day":"2026-11-28"}\n`)
    expect(await report(['erase', '--from', place])).toMatchObject({ code: 0 })
    expect(await coverageOf('--from', place)).toMatchObject({ events: 2 })
  })

  it('removes a damaged Parquet file that can be made again, and names one that can’t', async () => {
    const place = folder()
    const file = segment(place, '2026-11-26.w.ndjson', finished({}, { cid: client }), finished())
    await coverageOf('--from', place)
    const parquet = path.join(place, '2026-11-26.parquet')
    const damaged = readFileSync(parquet).fill(0, 100, 120)
    writeFileSync(parquet, damaged)
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}","day":"2026-11-28"}`))
    expect(await report(['erase', '--from', place])).toMatchObject({ code: 0, err: '' })
    expect(existsSync(parquet)).toBe(false)
    expect(await coverageOf('--from', place)).toMatchObject({ events: 1 })
    expect(await report(['erase', '--from', place, '--prove', client])).toMatchObject({ code: 0 })
    writeFileSync(parquet, damaged)
    rmSync(file)
    expect(await report(['erase', '--from', place])).toEqual({
      code: 1,
      out: '0 events erased from 0 files.\n',
      err: `Can't read ${parquet}: it is damaged.\nDelete it, or put back a copy of it, and erase again.\n`,
    })
  })

  it('goes on after a damaged Parquet file that it can’t remove, and names it', async () => {
    const place = folder()
    const days = ['2026-11-26', '2026-11-27']
    for (const day of days) segment(place, `${day}.w.ndjson`, finished({}, { cid: client }))
    const stuck = path.join(place, '2026-11-26.parquet')
    mkdirSync(stuck)
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}"}`))
    const { code, out, err } = await report(['erase', '--from', place])
    expect({ code, out }).toEqual({ code: 1, out: '2 events erased from 2 files.\n' })
    expect(err).toContain(`Can't remove ${stuck}: `)
  })

  it('names the file of an error that is about one', async () => {
    const place = folder()
    const left = path.join(place, '.2026-11-26.parquet.1.tmp')
    writeFileSync(left, 'half')
    const { rmSync: usual } = fs
    const replaceBy = (by: typeof usual) => {
      fs.rmSync = by
      syncBuiltinESMExports()
    }
    replaceBy((at, options) => {
      if (at !== left) return usual(at, options)
      throw Object.assign(new Error('EACCES'), { code: 'EACCES', path: left })
    })
    const answered = await report(['erase', '--from', place]).finally(() => replaceBy(usual))
    expect(answered).toMatchObject({ code: 1, err: `Can't use ${left}: permission denied.\n` })
  })

  it('goes on after a damaged file, here and in other folders, and names each at the end', async () => {
    const place = folder()
    const roar = path.join(place, 'roar')
    mkdirSync(roar)
    segment(place, '2026-11-20.w.ndjson', finished({}, { cid: client }))
    await coverageOf('--from', place)
    rmSync(path.join(place, '2026-11-20.w.ndjson'))
    const parquet = path.join(place, '2026-11-20.parquet')
    writeFileSync(parquet, readFileSync(parquet).fill(0, 100, 120))
    const cut = path.join(place, '2026-11-21.w.ndjson.gz')
    writeFileSync(cut, gzipSync(lines(finished({}, { cid: client }))).subarray(0, 60))
    const rest = [
      segment(place, '2026-11-21.x.ndjson', finished({}, { cid: client }), finished()),
      segment(place, '2026-11-22.w.ndjson', finished({}, { cid: client })),
      segment(roar, '2026-11-22.w.ndjson', finished({}, { cid: client })),
    ]
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}","day":"2026-11-28"}`))
    const damaged = (again: string) => {
      const hint = `Delete it, or put back a copy of it, and ${again} again.\n`
      const reason = 'the compressed file is cut short or damaged'
      return `Can't read ${parquet}: it is damaged.\n${hint}Can't read ${cut}: ${reason}.\n${hint}`
    }
    expect(await report(['erase', '--from', place, '--pending'])).toEqual({
      code: 1,
      out: expect.stringContaining(rest.map((file) => `${file}: 1 event\n`).join('')) as string,
      err: damaged('search'),
    })
    const { code, out, err } = await report(['erase', '--from', place])
    expect({ code, out }).toEqual({ code: 1, out: '3 events erased from 3 files.\n' })
    for (const line of damaged('erase').split('\n')) expect(err).toContain(line)
    for (const file of rest) expect(readFileSync(file, 'utf8')).not.toContain(client)
    // Of what can't be read, nothing is proven.
    expect(await report(['erase', '--from', place, '--prove', client])).toEqual({
      code: 1,
      out: '',
      err: damaged('search'),
    })
    rmSync(parquet)
    rmSync(cut)
    expect(await report(['erase', '--from', place])).toMatchObject({ code: 0, err: '' })
    expect(await report(['erase', '--from', place, '--prove', client])).toMatchObject({ code: 0 })
  })

  it('erases nothing if there is a word or an option that it does not take', async () => {
    const place = folder()
    const file = segment(place, '2026-11-26.w.ndjson', finished({}, { cid: client }))
    const before = readFileSync(file, 'utf8')
    writeFileSync(path.join(place, 'erased.ndjson'), `{"id":"${client}","day":"2026-11-28"}\n`)
    for (const [words, named] of [
      [[client], client],
      [['x'], 'x'],
      [[place], place],
      [['--format', 'json'], '--format'],
      [['--watch', '--since', '3d'], '--watch, --since'],
    ] as const) {
      const { code, out, err } = await report(['erase', '--from', place, ...words])
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain(`erase doesn’t take ${named}.`)
    }
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('reaches the folders of further products, and a day that is converted later', async () => {
    const place = folder()
    const roar = path.join(place, 'roar')
    mkdirSync(roar)
    const kept = finished()
    segment(place, '2026-11-25.w.ndjson', finished({}, { cid: client }), kept)
    segment(roar, '2026-11-26.w.ndjson', finished({}, { cid: client }), kept)
    const stone = lines(`{"id":"${client}","day":"2026-11-28"}`)
    writeFileSync(path.join(place, 'erased.ndjson'), stone)
    const prove = () => report(['erase', '--from', place, '--prove', client])
    expect((await prove()).out).toContain(path.join(roar, '2026-11-26.w.ndjson'))
    await coverageOf('--from', place)
    expect((await prove()).out).not.toContain('2026-11-25')
    expect(await report(['erase', '--from', place])).toMatchObject({
      out: '1 event erased from 1 file.\n',
    })
    expect(await prove()).toMatchObject({ code: 0 })
    segment(roar, '2026-11-27.w.ndjson', finished({}, { cid: client }), kept)
    await coverageOf('--from', roar)
    expect(await prove()).toMatchObject({ code: 0 })
  })

  it('lists what is left in PostHog until it is deleted or marked, and says what GA4 keeps', async () => {
    const place = folder()
    const [event, done] = [randomUUID(), randomUUID()]
    const ofPostHog = path.join(place, 'posthog-erased.ndjson')
    const ask = (...words: readonly string[]) => report(['erase', '--from', place, ...words])
    expect(await ask('--pending')).toMatchObject({ code: 0, out: 'Nothing is found.\n' })
    writeFileSync(
      path.join(place, 'erased.ndjson'),
      lines(`{"id":"${client}"}`, `{"id":"${done}"}`, `{"uuid":"${event}"}`),
    )
    expect(await ask('--pending')).toMatchObject({ code: 0 })
    expect(await ask('--done', client)).toMatchObject({
      code: 1,
      err: `No worker of ${place} sends to PostHog.\n`,
    })
    expect(await ask('--pending')).toMatchObject({ code: 0 })
    writeFileSync(ofPostHog, lines(`{"id":"${done}","day":"2026-11-28"}`))
    const listed = await ask('--pending')
    expect(listed.code).toBe(1)
    expect(listed.out).toContain(`PostHog: client ${client}\n`)
    expect(listed.out).toContain(`PostHog: event ${event}`)
    expect(listed.out).toContain('GA4, if it is in use, can’t be searched.')
    expect(listed.out).toContain('User Deletion API')
    expect(listed.out).not.toContain(done)
    expect(await ask('--done', randomUUID())).toMatchObject({ code: 1 })
    expect(await ask('--done', client, '--pending')).toMatchObject({ code: 2 })
    expect(await ask('--done', client.toUpperCase(), '--done', event)).toMatchObject({ code: 0 })
    expect(await ask('--pending')).toMatchObject({ code: 0 })
  })

  it.each(['erased.ndjson', 'posthog-erased.ndjson'])(
    'says that nothing is left only if %s can be looked at',
    async (name) => {
      const place = folder()
      writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}"}`))
      const file = path.join(place, name)
      rmSync(file, { force: true })
      symlinkSync(name, file)
      for (const words of [['--pending'], name === 'erased.ndjson' ? [] : ['--done', client]]) {
        const { code, out, err } = await report(['erase', '--from', place, ...words])
        expect([code, out]).toEqual([1, ''])
        expect(err).toContain(`Can't read ${file}: `)
      }
    },
  )

  it('marks after half a line that a full disk left, too', async () => {
    const place = folder()
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}"}`))
    writeFileSync(path.join(place, 'posthog-erased.ndjson'), '{"id":"abc')
    const ask = (...words: readonly string[]) => report(['erase', '--from', place, ...words])
    expect(await ask('--done', client)).toMatchObject({ code: 0 })
    expect(await ask('--pending')).toMatchObject({ code: 0 })
  })

  it('says what is left in the open day, which belongs to the worker', async () => {
    const place = folder()
    const file = segment(place, '2026-11-28.w.ndjson', finished({}, { cid: client }), finished())
    const before = readFileSync(file, 'utf8')
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}","day":"2026-11-28"}`))
    expect(await report(['erase', '--from', place])).toEqual({
      code: 0,
      out:
        '0 events erased from 0 files.\n' +
        '1 event of the open day left: erase again once the day is over (UTC).\n',
      err: '',
    })
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('says where there are no tombstones, as in an archive that was moved away', async () => {
    const place = folder()
    segment(place, '2026-11-26.w.ndjson', finished({}, { cid: client }))
    const erased = await report(['erase', '--from', place])
    expect(erased).toMatchObject({ code: 0 })
    expect(erased.out).toContain(`no erased.ndjson in ${place}`)
    writeFileSync(path.join(place, 'erased.ndjson'), lines(`{"id":"${client}","day":"2026-11-28"}`))
    expect((await report(['erase', '--from', place])).out).toBe('1 event erased from 1 file.\n')
  })

  it('names the files that it does not rewrite', async () => {
    const place = folder()
    const left = [
      'events.ndjson',
      'copy of a segment.gz',
      '.2026-11-26.w.ndjson.77.tmp',
      'all.parquet',
    ]
    const line = finished({}, { cid: client })
    segment(place, '2026-11-26.w.ndjson', line)
    await coverageOf('--from', place)
    renameSync(path.join(place, '2026-11-26.parquet'), path.join(place, 'all.parquet'))
    rmSync(path.join(place, '2026-11-26.w.ndjson'))
    const stone = `{"id":"${client}","day":"2026-11-28"}\n`
    writeFileSync(path.join(place, 'erased.ndjson'), stone)
    writeFileSync(path.join(place, 'posthog-erased.ndjson'), stone)
    for (const name of left.slice(0, 3)) {
      const bytes = lines(finished(), line)
      writeFileSync(path.join(place, name), name.endsWith('.gz') ? gzipSync(bytes) : bytes)
    }
    for (const words of [['--pending'], ['--prove', client]]) {
      const { code, out } = await report(['erase', '--from', place, ...words])
      expect(code).toBe(1)
      for (const name of left) expect(out).toContain(`${path.join(place, name)}: 1 event\n`)
      expect(out).not.toContain('erased.ndjson')
    }
  })

  it('proves by the id as it was sent, whatever form it had', async () => {
    const place = folder()
    const sent = [
      'HOST-1767139200-28913',
      'F47AC10B-58CC-11CF-A447-00805F9B34FB',
      client.toUpperCase(),
    ]
    const stored = sent.map((cid) => storedId(cid))
    segment(place, '2026-11-26.w.ndjson', ...stored.map((cid) => finished({}, { cid })))
    const prove = async () =>
      await Promise.all(
        sent.map(async (id) => (await report(['erase', '--from', place, '--prove', id])).code),
      )
    expect(await prove()).toEqual([1, 1, 1])
    await coverageOf('--from', place)
    expect(await prove()).toEqual([1, 1, 1])
    writeFileSync(
      path.join(place, 'erased.ndjson'),
      lines(...stored.map((id) => JSON.stringify({ id, day: '2026-11-28' }))),
    )
    expect(await report(['erase', '--from', place])).toMatchObject({ code: 0 })
    expect(await prove()).toEqual([0, 0, 0])
  })

  it('finds nothing of an unknown id, and proves nothing of what is no id or no folder', async () => {
    const place = folder()
    const prove = (id: string) => report(['erase', '--from', place, '--prove', id])
    for (const id of [randomUUID(), '1767139200-28913', 'anon-4F2a9c']) {
      expect(await prove(id)).toMatchObject({ code: 0, out: 'Nothing is found.\n' })
    }
    for (const id of ['x', 'unknown', client.slice(1), `${client}0`, client.replace('-', '')]) {
      const { code, out, err } = await prove(id)
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain(`Nothing is found, but "${id}" is no id`)
    }
    expect(await report(['erase', '--from', '-'])).toMatchObject({ code: 1 })
    const clickHouse = await report(['erase', '--from', 'clickhouse://127.0.0.1', '--pending'])
    expect(clickHouse).toMatchObject({ code: 2, out: '' })
  })
})
