import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs, { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { finished, folder, install, lines, report } from './support/cli.ts'

describe('what is asked wrongly', () => {
  it.each([
    [['nonsense', '--from', '-'], 'There is no question "nonsense".'],
    [['instals', '--from', '-'], 'Did you mean installs?'],
    [['--from', '-', '--frmat', 'json'], 'Did you mean --format?'],
    [['--from', '-', '--format', 'xml'], 'There is no format "xml".\nThose there are: text, json'],
    [['--from', '-', '--by', 'foo'], 'There is no column "foo".\nThose there are: day, os, arch'],
    [['--from', '-', '--by', 'so'], 'Did you mean os?'],
    [['--from', '-', '--format', 'josn'], 'Did you mean json?'],
    [['versoin', '--from', '-'], 'Did you mean versions?'],
    [['--from', '-', '--colour'], 'There is no option --colour.\nRun it with --help'],
    [['--from', '-', '--by', 'os,colour'], 'There is no column "colour".'],
    [['--from', '-', '--since', 'yesterday'], '--since yesterday is no date.'],
    [['--from', '-', '--until', '2026-02-30'], '--until 2026-02-30 is no date.'],
    [['--from', '-', '--top', '0'], '--top takes a whole number'],
    [['--from', '-', '--compare', '0.6.0'], '--compare needs --release.'],
    [['--from'], '--from needs a value.'],
    [['installs'], '--from is missing.'],
    [['--from', '-', '--since', '3d', '--since', '4d'], '--since stands twice.'],
    [['--from', '-', '--since', '2026-11-28', '--until', '2026-11-27'], '--since is after --until'],
    [
      ['--from', '-', '--check', 'installs', '--by', 'os', '--format', 'csv'],
      '--check doesn’t take installs, --by, --format.',
    ],
    [
      ['--from', '-', '--public', 'site', 'installs', '--since', '5d', '--by', 'os'],
      '--public doesn’t take installs, --since, --by.',
    ],
  ])('%j ends with 2 and says why', async (words, message) => {
    const { code, out, err } = await report(words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })

  it('a missing place ends with 1 and is named', async () => {
    const { code, out, err } = await report(['--from', '/nowhere/events'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('/nowhere/events')
  })
})

it('says that its memory does not suffice, and how to allow it more', async () => {
  const stdin = lines(finished())
  expect(await report(['--from', '-', '--memory', '1MB'], { stdin })).toEqual({
    code: 1,
    out: '',
    err: 'DuckDB needs more memory than it may take.\nAllow it more with --memory.\n',
  })
})

it('names the ClickHouse that it can’t reach, and says why', async () => {
  const unknown = await report(['--from', 'clickhouse://me:secret@no-such-host.invalid'])
  expect(unknown).toMatchObject({ code: 1, out: '' })
  expect(unknown.err).toMatch(
    /^Can't reach ClickHouse at no-such-host\.invalid:8123: (there is no host named|the name) no-such-host\.invalid/,
  )
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  const closed = await report(['--from', `clickhouse://127.0.0.1:${port}`])
  const err = `Can't reach ClickHouse at 127.0.0.1:${port}: it refuses the connection.\n`
  expect(closed).toEqual({ code: 1, out: '', err })
})

it.each([
  ['Code: 60. DB::Exception: Unknown table', /\nName the database that the worker fills: /],
  ['Code: 516. DB::Exception: Authentication failed', /\nName the user in the address or /],
  ['Code: 241. DB::Exception: Memory limit', /Memory limit\n$/],
])('says what to do if ClickHouse answers "%s"', async (text, hint) => {
  const server = http.createServer((_, response) => response.writeHead(500).end(text))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const { code, err } = await report(['--from', `clickhouse://127.0.0.1:${port}`])
  server.closeAllConnections()
  server.close()
  expect(code).toBe(1)
  expect(err).toContain(`ClickHouse at 127.0.0.1:${port} answered 500: ${text}\n`)
  expect(err).toMatch(hint)
})

describe('JSON', () => {
  it('has the columns that are promised, in their order', async () => {
    const stdin = lines(
      install('start'),
      install('complete'),
      finished({ success: false, error: 'RunMat:X' }),
    )
    const { code, out } = await report(['--from', '-', '--format', 'json'], { stdin })
    const { version, coverage, questions } = JSON.parse(out) as {
      version: number
      coverage: object
      questions: Record<string, { rows: object[] }>
    }
    expect({ code, version }).toEqual({ code: 0, version: 1 })
    expect(Object.keys(coverage)).toEqual([
      'events',
      'repeated',
      'unreadable',
      'undated',
      'from',
      'until',
    ])
    const columns = (name: string) => Object.keys(questions[name]?.rows[0] ?? {}).join(' ')
    expect(columns('installs')).toBe('os arch started completed failed open succeeded low high')
    expect(columns('active')).toBe('finished jit_enabled jit_used accelerate_enabled gpu_used')
    expect(columns('failures')).toBe('area stage code component runs installs')
    expect(columns('unfinished')).toBe('started finished unfinished')
  })

  it('begins a row with the columns of --by, and active has a day with --by day', async () => {
    const stdin = lines(install('complete'), finished())
    const { out } = await report(
      ['installs', 'active', '--from', '-', '--format', 'json', '--by', 'day,release'],
      { stdin },
    )
    const { questions } = JSON.parse(out) as { questions: Record<string, { rows: object[] }> }
    expect(questions['active']?.rows).toMatchObject([
      { day: '2026-11-28', release: '0.6.1', finished: 1 },
    ])
    expect(questions['installs']?.rows).toMatchObject([
      { day: 'unknown', release: '0.6.1', completed: 1 },
    ])
    expect(Object.keys(questions)).toEqual(['installs', 'active'])
  })

  it('has no shares where no install ended, and those of Wilson where some did', async () => {
    const open = await report(['installs', '--from', '-', '--format', 'json'], {
      stdin: lines(install('start')),
    })
    expect(JSON.parse(open.out)).toMatchObject({
      questions: { installs: { rows: [{ open: 1, succeeded: null, low: null, high: null }] } },
    })
    const ended = [...Array.from({ length: 9 }, () => install('complete')), install('failed')]
    const { out } = await report(['installs', '--from', '-', '--format', 'json'], {
      stdin: lines(...ended),
    })
    const { questions } = JSON.parse(out) as {
      questions: { installs: { rows: Record<string, number>[] } }
    }
    const [row] = questions.installs.rows
    expect(row?.['succeeded']).toBe(0.9)
    expect(row?.['low']).toBeCloseTo(0.5958, 3)
    expect(row?.['high']).toBeCloseTo(0.9821, 3)
  })

  it('keeps to one release, and sets another beside it', async () => {
    const stdin = lines(
      install('complete', { release: 'v0.6.1' }),
      install('failed', { release: '0.6.0' }),
    )
    const words = [
      'installs',
      '--from',
      '-',
      '--format',
      'json',
      '--release',
      'v0.6.1',
      '--compare',
      '0.6.0',
    ]
    const { out } = await report(words, { stdin })
    expect(JSON.parse(out)).toMatchObject({
      release: '0.6.1',
      questions: { installs: { rows: [{ completed: 1, failed: 0 }] } },
      compare: {
        release: '0.6.0',
        questions: { installs: { rows: [{ completed: 0, failed: 1 }] } },
      },
    })
  })
})

it('says in 80 columns how it is used, or in 60 with the same words', async () => {
  const { code, out } = await report(['--help'])
  expect(code).toBe(0)
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
  const narrow = await report(['--help'], { columns: 60 })
  expect(narrow.out.split('\n').filter((line) => line.length > 60)).toEqual([])
  expect(narrow.out.split(/\s+/)).toEqual(out.split(/\s+/))
})

describe('text', () => {
  const stdin = lines(
    ...Array.from({ length: 40 }, (_, at) =>
      finished({ success: false, error: `RunMat:${'Long'.repeat(8)}${at}` }),
    ),
  )

  it.each([
    [undefined, 80],
    [60, 60],
    [200, 200],
    [20, 60],
    [500, 200],
  ])('fits into a terminal of %s columns', async (columns, width) => {
    const { out } = await report(['--from', '-'], {
      stdin,
      ...(columns === undefined ? {} : { columns }),
    })
    const widest = Math.max(...out.split('\n').map((line) => line.length))
    expect(widest).toBeLessThanOrEqual(width)
    expect(out).toContain('20 rows more')
  })

  it('leaves intervals out of a narrow terminal before it cuts a code', async () => {
    const some = lines(
      finished(),
      finished({
        success: false,
        error: 'RunMat:IndexOutOfBounds',
        'runtime.failure.stage': 'runtime',
        'runtime.failure.component': 'name_resolution',
      }),
    )
    const narrow = await report(['failures', '--from', '-'], { stdin: some, columns: 80 })
    const wide = await report(['failures', '--from', '-'], { stdin: some, columns: 120 })
    for (const { out } of [narrow, wide]) expect(out).toContain('RunMat:IndexOutOfBounds  runtime')
    const narrowest = await report(['failures', '--from', '-'], { stdin: some, columns: 60 })
    expect(narrowest.out).toMatch(/code +area +runs +clients +of runs\n/)
    expect(narrowest.out).toContain('RunMat:IndexOutOfBounds  runtime')
    expect(narrow.out).toMatch(/code +area +stage +component +runs/)
    expect(narrow.out).not.toContain('95 %')
    expect(wide.out).toMatch(/50\.0 % {2}9\.5–90\.5/)
  })

  it('takes rates of failure of the runs of the same group, and of the same release', async () => {
    const run = (release: string, failed: number, all: number) =>
      Array.from({ length: all }, (_, at) =>
        finished(at < failed ? { success: false, error: 'RunMat:X' } : {}, { release }),
      )
    const some = lines(...run('0.6.1', 1, 4), ...run('0.6.0', 1, 10))
    const grouped = await report(['failures', '--from', '-', '--by', 'release'], { stdin: some })
    expect(grouped.out).toMatch(/0\.6\.0 .* 10\.0 %/)
    expect(grouped.out).toMatch(/0\.6\.1 .* 25\.0 %/)
    expect(grouped.out).toContain('2 of 14 finished runs failed')
    const words = ['failures', '--from', '-', '--release', '0.6.1', '--compare', '0.6.0']
    const [first, second] = (await report(words, { stdin: some })).out.split('Release 0.6.0')
    expect(first).toContain('1 of 4 finished runs failed')
    expect(second).toContain('1 of 10 finished runs failed')
  })

  it('is not steered by the names in it', async () => {
    const evil = finished({ success: false, error: '\u001B[2Jgone' })
    const { out } = await report(['failures', '--from', '-'], { stdin: lines(evil) })
    expect(out).not.toContain('\u001B')
    expect(out).toContain('?[2Jgone')
  })
})

describe('CSV', () => {
  it('has a column for the question where there are several, and quotes what needs it', async () => {
    const evil = finished({ success: false, error: '=cmd|"x",1' })
    const one = await report(['failures', '--from', '-', '--format', 'csv'], { stdin: lines(evil) })
    expect(one.out.split('\n')).toEqual([
      'area,stage,code,component,runs,installs,format_version',
      'other,unknown,"\'=cmd|""x"",1",unknown,1,1,1',
      '',
    ])
    const all = await report(['--from', '-', '--format', 'csv'], { stdin: lines(evil) })
    expect(all.out.split('\n')[0]).toMatch(/^question,os,arch,started/)
  })

  it('says the version of its format in every row, the same as JSON, and in the heading without any', async () => {
    const stdin = lines(finished(), install('complete'))
    const json = await report(['--from', '-', '--format', 'json'], { stdin })
    const { version } = JSON.parse(json.out) as { version: number }
    const { out } = await report(['--from', '-', '--format', 'csv'], { stdin })
    const [heading = '', ...rows] = out.trimEnd().split('\n')
    expect(heading.split(',').at(-1)).toBe('format_version')
    expect(new Set(rows.map((row) => row.split(',').at(-1)))).toEqual(new Set([String(version)]))
    const none = await report(['failures', '--from', '-', '--format', 'csv'])
    expect(none.out).toBe('area,stage,code,component,runs,installs,format_version\n')
  })
})

it('answers although its temporary folder can’t be removed', async () => {
  const { rmSync } = fs
  const replaceBy = (by: typeof rmSync) => {
    fs.rmSync = by
    syncBuiltinESMExports()
  }
  replaceBy(() => {
    throw Object.assign(new Error('EIO: rm'), { code: 'EIO' })
  })
  const answered = await report(['--from', '-', 'coverage']).finally(() => replaceBy(rmSync))
  expect(answered).toMatchObject({ code: 0, err: '' })
})

describe('--output', () => {
  it('writes the whole file, or leaves the old one', async () => {
    const file = path.join(folder(), 'report.json')
    writeFileSync(file, 'old')
    const failed = await report(['--from', '/nowhere', '--format', 'json', '--output', file])
    expect({ code: failed.code, text: readFileSync(file, 'utf8') }).toEqual({
      code: 1,
      text: 'old',
    })
    await report(['--from', '-', '--format', 'json', '--output', file])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 })
    const missing = await report(['--from', '-', '--output', path.join(file, 'x')])
    expect(missing).toMatchObject({ code: 1 })
  })

  it('removes what a killed process left beside the file, once it is a day old', async () => {
    const place = folder()
    const { pid } = spawnSync(process.execPath, ['--version'])
    const old = `.report (1).json.${pid}.tmp`
    const young = `.report (1).json.${pid + 1}.tmp`
    const other = `.others.json.${pid}.tmp`
    for (const name of [old, young, other]) writeFileSync(path.join(place, name), 'half')
    for (const name of [old, other]) utimesSync(path.join(place, name), 1, 1)
    const file = path.join(place, 'report (1).json')
    expect(await report(['--from', '-', '--output', file])).toMatchObject({ code: 0 })
    expect(readdirSync(place).toSorted()).toEqual([young, other, path.basename(file)].toSorted())
  })

  it.skipIf(process.platform === 'win32')('writes into a pipe, and never replaces it', async () => {
    const pipe = path.join(folder(), 'pipe')
    execFileSync('mkfifo', [pipe])
    const text = readFile(pipe, 'utf8')
    expect(await report(['--from', '-', '--format', 'json', '--output', pipe])).toMatchObject({
      code: 0,
    })
    expect(statSync(pipe).isFIFO()).toBe(true)
    expect(JSON.parse(await text)).toMatchObject({ version: 1 })
  })
})

describe('a page', () => {
  it('escapes every name, has no script and may load nothing', async () => {
    const evil = '<script>alert(1)</script>"\'&'
    const stdin = lines(
      finished({ success: false, error: evil }),
      install('complete', { os: evil }),
    )
    const { out } = await report(['--from', '-', '--format', 'html'], { stdin })
    expect(out).not.toContain('<script')
    expect(out).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;')
    expect(out).toContain("default-src 'none'")
    expect(out).not.toMatch(/(src|href)=/)
  })
})
