import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { fillQueue, makeEvent, namesIn, queueContent, queueFolder } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { cli, cliJson, executable } from '../support/run.ts'
import { host, idsAt, settle, stage, fakeUploader, uploader, uploadsOf } from './stage.ts'

const secret = 'nobody may read this'

/** Something that lies in the queue and must never leave: how it gets there. */
type Junk = readonly [string, (file: string, home: Home) => void]

const asFile = (name: string, content: string | Uint8Array): Junk => [
  name,
  (file) => writeFileSync(file, content),
]

function changed(change: (event: Record<string, unknown>) => unknown): string {
  return JSON.stringify(change(JSON.parse(makeEvent(1).bytes) as Record<string, unknown>))
}

const junk: readonly Junk[] = [
  asFile('is empty', ''),
  asFile('was cut short', makeEvent(1).bytes.slice(0, 200)),
  asFile('has something behind it', `${makeEvent(1).bytes}x`),
  asFile('is not UTF-8', Buffer.from(makeEvent(1).bytes.replace('linux', 'lin\u00fcx'), 'latin1')),
  asFile('is UTF-16', Buffer.from(`\ufeff${makeEvent(1).bytes}`, 'utf16le')),
  asFile('holds two events', `[${makeEvent(1).bytes},${makeEvent(2).bytes}]`),
  asFile('holds null', 'null'),
  asFile('is nested deeply', '['.repeat(60_000)),
  asFile(
    'is of another product',
    changed(({ engine_selections, ...rest }) => ({
      ...rest,
      tracer_selections: engine_selections,
    })),
  ),
  asFile(
    'has a field more',
    changed((known) => ({ ...known, cwd: secret })),
  ),
  // Names that every object has by birth must not pass for names of the contract.
  ...['constructor', 'toString', '__proto__', 'hasOwnProperty'].flatMap((name) => [
    asFile(`has a field ${name}`, makeEvent(1).bytes.replace('{', `{"${name}":"${secret}",`)),
    asFile(
      `has a counter ${name}`,
      makeEvent(1).bytes.replace('"subcommand_counts":{', `"subcommand_counts":{"${name}":1,`),
    ),
  ]),
  asFile(
    'has an additional counter',
    changed((known) => ({ ...known, subcommand_counts: { run: 1, [secret]: 1 } })),
  ),
  asFile(
    'has text instead of a number',
    changed((known) => ({ ...known, sequence: secret })),
  ),
  asFile(
    'has a free version',
    changed((known) => ({ ...known, version: secret })),
  ),
  asFile(
    'has a free id',
    changed((known) => ({ ...known, event_id: secret })),
  ),
  asFile(
    'lacks a field',
    changed((known) => ({ ...known, platform: undefined })),
  ),
  asFile('is only a preview', makeEvent(1, { trigger: 'preview' }).bytes),
  asFile(
    'has the nil UUID as its id',
    changed((known) => ({ ...known, install_id: '00000000-0000-0000-0000-000000000000' })),
  ),
  asFile('is just too large', makeEvent(1).bytes + ' '.repeat(64 * 1024)),
  [
    'is 100 MB',
    (file) => {
      const descriptor = openSync(file, 'w')
      ftruncateSync(descriptor, 100 * 1024 * 1024)
      closeSync(descriptor)
    },
  ],
  [
    'is a folder',
    (file) => {
      mkdirSync(file)
      writeFileSync(path.join(file, 'inner.json'), makeEvent(1).bytes)
    },
  ],
  ['is a link to a secret', (file, home) => symlinkSync(home.write('secret', secret), file)],
  [
    'is a link to an event',
    (file, home) => symlinkSync(home.write('elsewhere', makeEvent(1).bytes), file),
  ],
  ['is a link to nowhere', (file, home) => symlinkSync(home.at('nowhere'), file)],
  ['is a pipe', (file) => execFileSync('mkfifo', [file])],
]

/** So old that no process can be writing it any more. */
function age(file: string): void {
  const then = Date.now() / 1000 - 3600
  if (!lstatSync(file).isSymbolicLink()) utimesSync(file, then, then)
}

const aside = (home: Home) => namesIn(path.join(home.state, 'set-aside'))

describe.concurrent('a file in the queue that', () => {
  it.each(junk)('%s is set aside and delays no event', async (_, put) => {
    const { home, collector } = await stage()
    const [first] = fillQueue(home, 1, 1)
    const name = '000000000001-zzz.json'
    const file = path.join(queueFolder(home), name)
    put(file, home)
    age(file)
    const [last] = fillQueue(home, 1, 2)
    const started = performance.now()
    expect((await uploader(home)).code).toBe(0)
    expect(performance.now() - started).toBeLessThan(15_000)
    expect(collector.requests).toBe(2)
    expect(new Set(idsAt(collector))).toEqual(new Set([first?.id, last?.id]))
    expect(aside(home)).toEqual([name])
    expect(namesIn(queueFolder(home))).toEqual([])
  })

  it('is invalid in any of these ways disturbs neither status nor a host', async () => {
    const { home, collector } = await stage()
    settle(home, { sequence: 1 })
    const [first] = fillQueue(home, 1, 1)
    for (const [index, [, put]] of junk.entries()) {
      const file = path.join(queueFolder(home), `0000-${index}.json`)
      put(file, home)
      age(file)
    }
    const before = namesIn(queueFolder(home))
    const { out } = await cli(home, ['print', '--queued'])
    expect(out).toBe(`${first?.bytes}\n`)
    expect((await cli(home, ['status'])).code).toBe(0)
    expect(namesIn(queueFolder(home))).toEqual(before)
    expect((await host(home, { steps: [['count', 'run'], ['close']] })).code).toBe(0)
    await collector.received(2)
    await nothingRuns(home)
    expect(idsAt(collector)).toContain(first?.id)
    expect(aside(home)).toHaveLength(junk.length)
    // Nothing is left that an uploader could be started for.
    const { uploader: own, wasStarted } = fakeUploader(home)
    await host(home, { uploader: own, steps: [['close']] })
    expect(wasStarted()).toBe(false)
  })

  it('cannot be read is set aside and delays no event', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'nothing is unreadable for root')
    const { home, collector } = await stage()
    const [, second] = fillQueue(home, 2)
    const [name = ''] = namesIn(queueFolder(home))
    const file = path.join(queueFolder(home), name)
    chmodSync(file, 0)
    age(file)
    expect((await uploader(home)).code).toBe(0)
    expect(idsAt(collector)).toEqual([second?.id])
    expect(aside(home)).toEqual([name])
  })

  it.skipIf(executable !== undefined)(
    'cannot be read for a moment stays and delays no event',
    async () => {
      const { home, collector } = await stage()
      const [first, second] = fillQueue(home, 2)
      const [name = ''] = namesIn(queueFolder(home))
      age(path.join(queueFolder(home), name))
      const env = withFsFaults(home, { fail: new RegExp(`open .*${name}`) })
      const ended = await cli(home, ['upload'], { env })
      expect(ended).toMatchObject({ code: 1, err: '' })
      expect(ended.out).toMatch(/^Delivered 1 event\.\n1 event kept/)
      expect(idsAt(collector)).toEqual([second?.id])
      expect(aside(home)).toEqual([])
      expect((await cli(home, ['upload'])).code).toBe(0)
      expect(idsAt(collector)).toEqual([second?.id, first?.id])
    },
  )

  it('may still be written to is left alone and delays no event', async () => {
    const { home, collector } = await stage()
    const event = makeEvent(1)
    const file = path.join(queueFolder(home), 'theirs.json')
    fillQueue(home, 2)
    writeFileSync(file, event.bytes.slice(0, 100))
    expect((await uploader(home)).code).toBe(0)
    expect(collector.requests).toBe(2)
    expect(aside(home)).toEqual([])
    expect(namesIn(queueFolder(home))).toEqual(['theirs.json'])
    writeFileSync(file, event.bytes)
    expect((await cli(home, ['upload'])).code).toBe(0)
    expect(idsAt(collector).at(-1)).toBe(event.id)
  })

  it('does not end in .json is ignored', async () => {
    const { home, collector } = await stage()
    fillQueue(home, 1)
    for (const name of ['a.json.tmp', 'b.JSON', 'c', '.hidden']) {
      writeFileSync(path.join(queueFolder(home), name), makeEvent(9).bytes)
    }
    expect((await uploader(home)).code).toBe(0)
    expect(collector.requests).toBe(1)
    expect(namesIn(queueFolder(home))).toHaveLength(4)
  })

  it('was never finished is removed once no process can be writing it', async () => {
    const { home } = await stage()
    fillQueue(home, 1)
    const write = (name: string) => home.write(path.join(queueFolder(home), name), 'half')
    for (const name of ['old.json.1.a.tmp', 'older.json.2.b.tmp']) {
      utimesSync(write(name), 0, Date.now() / 1000 - 2 * 3600)
    }
    write('new.json.3.c.tmp')
    expect((await uploader(home)).code).toBe(0)
    expect(namesIn(queueFolder(home))).toEqual(['new.json.3.c.tmp'])
  })

  it('another program formatted differently is sent in our format', async () => {
    const { home, collector } = await stage()
    const { id, bytes } = makeEvent(7)
    const parsed = JSON.parse(bytes) as Record<string, unknown>
    const turned = Object.fromEntries(Object.entries(parsed).toReversed())
    mkdirSync(queueFolder(home), { recursive: true })
    fillQueue(home, 0)
    writeFileSync(path.join(queueFolder(home), 'x.json'), JSON.stringify(turned, null, 4))
    expect((await uploader(home)).code).toBe(0)
    expect(collector.events.map(({ text }) => text)).toEqual([bytes])
    expect(idsAt(collector)).toEqual([id])
    expect(queueContent(home)).toEqual({})
  })

  it.each([
    ['zzz.json', 100 * 1024 * 1024],
    [`999999999999-01700000000000-9999999-${makeEvent(1).id}.json`, 10],
  ])('is large, or has a name that says so (%s), displaces no event', async (name, size) => {
    const { home } = await stage()
    settle(home, { sequence: 20 })
    fillQueue(home, 20)
    writeFileSync(path.join(queueFolder(home), name), '')
    truncateSync(path.join(queueFolder(home), name), size)
    await host(home, { steps: [['count', 'run']] })
    expect(namesIn(queueFolder(home))).toHaveLength(22)
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { events: 21, dropped: 0 } })
  })

  it('is one of hundreds of invalid ones does not delay the valid ones', async () => {
    const { home, collector } = await stage()
    mkdirSync(queueFolder(home), { recursive: true })
    for (let index = 0; index < 500; index += 1) {
      const file = path.join(queueFolder(home), `0-junk-${index}.json`)
      writeFileSync(file, 'junk')
      age(file)
    }
    const events = fillQueue(home, 20)
    expect((await uploader(home)).code).toBe(0)
    expect(idsAt(collector).toSorted()).toEqual(events.map(({ id }) => id).toSorted())
    expect(namesIn(queueFolder(home))).toEqual([])
    // What is kept for the curious is bounded.
    expect(aside(home)).toHaveLength(50)
    expect(uploadsOf(home)).toMatchObject({ last_result: 'delivered 20', refused: {} })
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { events: 0 } })
  })
})
