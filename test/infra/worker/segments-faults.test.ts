import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { openWorker } from '../../../infra/worker/src/open-worker.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'
import { storingOnce } from '../../../infra/worker/src/sinks/once.ts'
import { openSegments } from '../../../infra/worker/src/sinks/segments.ts'
import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { finished } from './support/events.ts'
import { withFault, withHandleFault } from './support/faults.ts'
import { requestOf } from './support/requests.ts'
import { key, openLogged } from './support/stage.ts'

const home = tempHome()
let folders = 0

function newFolder(): string {
  folders += 1
  return home.at(`events-${folders}`)
}

async function openSink(folder: string, lease = { ms: 1000, renewMs: 5 }) {
  const settings = { folder, worker: 'one', retentionDays: undefined }
  const { sink } = await openSegments(settings, { note: () => undefined, lease })
  return { sink, lock: path.join(folder, 'one.lock') }
}

async function open(folder: string, name = 'one') {
  const settings = readSettings({ INGESTION_KEY: key, EVENTS_DIR: folder, WORKER_NAME: name })
  const logged = openLogged()
  const worker = await openWorker(settings, logged)
  const handle = fetchHandlerOf(worker)
  const send = async (bytes: string) => (await handle(requestOf(bytes))).status
  return { worker, send, logged }
}

function eventOf(bytes: string) {
  const reading = readEvent(bytes, ['runtime'])
  if ('refusal' in reading) throw new Error(reading.refusal.error)
  return reading.event
}

function linesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').split('\n').slice(0, -1))
}

describe('the lock of a name', () => {
  it('is ours again if it was lost, and could not be opened when it was taken again', async () => {
    const { sink, lock } = await openSink(newFolder())
    await withFault('open', /one\.lock$/, 'EMFILE', async () => {
      rmSync(lock)
      await eventually(() => expect(existsSync(lock)).toBe(true))
      await eventually(async () => expect(await sink.probe()).toBeDefined())
    })
    await eventually(async () => expect(await sink.probe()).toBeUndefined())
    await sink.close()
    expect(existsSync(lock)).toBe(false)
  })

  it('brings along what another process has stored under the name meanwhile', async () => {
    const folder = newFolder()
    const settings = { folder, worker: 'one', retentionDays: undefined }
    const lease = { ms: 1000, renewMs: 5 }
    const { sink, remembered } = await openSegments(settings, { note: () => undefined, lease })
    const { store } = storingOnce(sink, remembered)
    const [first, second, third] = [finished(), finished(), finished()]
    expect(await store([eventOf(first)])).toEqual({ outcomes: ['stored'] })
    const lock = path.join(folder, 'one.lock')
    home.write(lock, '{"pid":1,"place":"elsewhere","lock":"another"}\n')
    await eventually(async () => expect(await sink.probe()).toBeDefined())
    const segment = readdirSync(folder).find((name) => name.endsWith('.ndjson')) ?? ''
    appendFileSync(path.join(folder, segment), `${second}\n{"half`)
    rmSync(lock)
    await eventually(async () => expect(await sink.probe()).toBeUndefined())
    expect(await store([eventOf(second)])).toEqual({ outcomes: ['repeated'] })
    expect(await store([eventOf(third)])).toEqual({ outcomes: ['stored'] })
    expect(linesIn(folder)).toEqual([first, second, third])
    await sink.close()
  })

  it('lost while a batch was written keeps it from taking back what the other one stored', async () => {
    const folder = newFolder()
    const { sink, lock } = await openSink(folder)
    const theirs = finished()
    const takeOver = async () => {
      // Into its place, as a real one does: a renewal of ours may write over what the file holds.
      renameSync(
        home.write('another.lock', '{"pid":1,"place":"elsewhere","lock":"another"}\n'),
        lock,
      )
      await eventually(async () => expect(await sink.probe()).toBeDefined())
      const segment = readdirSync(folder).find((name) => name.endsWith('.ndjson')) ?? ''
      appendFileSync(path.join(folder, segment), `${theirs}\n`)
    }
    const store = () => sink.store([eventOf(finished())])
    const full = () => withHandleFault('appendFile', /\.ndjson$/, 'ENOSPC', store, takeOver)
    expect(await full()).toMatchObject({ outcomes: ['later'] })
    expect(linesIn(folder)).toEqual([theirs])
    await sink.close()
  })

  it('that can’t be renewed says why, and not that the name is taken', async () => {
    const folder = newFolder()
    const { sink } = await withHandleFault('write', /one\.lock$/, 'EROFS', () =>
      openSink(folder, { ms: 40, renewMs: 5 }),
    )
    await eventually(async () =>
      expect(await sink.probe()).toEqual({ cause: 'file: the file system is read-only' }),
    )
    await sink.close()
  })

  it('has what killed processes left beside it removed, once it is a day old', async () => {
    const folder = newFolder()
    mkdirSync(folder)
    const names = ['one.lock.17.old.tmp', 'one.lock.18.new.tmp', 'two.lock.19.old.tmp']
    for (const name of names) home.write(path.join(folder, name), '{}\n')
    const longAgo = Date.now() / 1000 - 90_000
    for (const name of [names[0], names[2]])
      utimesSync(path.join(folder, name ?? ''), longAgo, longAgo)
    const { sink } = await openSink(folder)
    expect(readdirSync(folder)).toEqual(['one.lock', names[1], names[2]])
    await sink.close()
  })

  it('is taken although the file that it was made of can’t be removed', async () => {
    const folder = newFolder()
    const { sink } = await withFault('rm', /\.tmp$/, 'EIO', () => openSink(folder))
    expect(await sink.probe()).toBeUndefined()
    await sink.close()
  })
})

describe('a file system without hard links', () => {
  it('has a lock, too, which keeps a second worker out and is taken over from a dead one', async () => {
    const folder = newFolder()
    await withFault('link', /\.tmp$/, 'EPERM', async () => {
      const { sink, lock } = await openSink(folder)
      const holder = readFileSync(lock, 'utf8')
      await expect(openSink(folder)).rejects.toThrow('Another worker has this name')
      await sink.close()
      home.write(lock, holder.replace(/"pid":\d+/, '"pid":999999999'))
      const next = await openSink(folder)
      expect(await next.sink.probe()).toBeUndefined()
      await next.sink.close()
    })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a segment', () => {
  it('that can’t be closed keeps no event from the next one, and the lock from no one', async () => {
    const folder = newFolder()
    await withHandleFault('close', /\.one\.ndjson$/, 'EIO', async () => {
      const { worker, send } = await open(folder)
      expect(await send(finished())).toBe(204)
      const name = readdirSync(folder).find((one) => one.endsWith('.ndjson')) ?? ''
      renameSync(path.join(folder, name), home.at(`moved-${folders}`))
      expect(await send(finished())).toBe(204)
      expect(await send(finished())).toBe(204)
      await worker.close()
    })
    expect(linesIn(folder)).toHaveLength(2)
    expect(existsSync(path.join(folder, 'one.lock'))).toBe(false)
  })

  it('of another worker that can’t be synced gives no 204 to what comes again', async () => {
    const folder = newFolder()
    const [one, two] = [await open(folder, 'one'), await open(folder, 'two')]
    const bytes = finished()
    expect(await one.send(bytes)).toBe(204)
    const again = await withHandleFault('datasync', /\.one\.ndjson$/, 'EIO', () => two.send(bytes))
    expect(again).toBe(503)
    expect(two.logged.text()).toContain('file: EIO')
    await eventually(async () => expect(await two.send(bytes)).toBe(204))
    expect(linesIn(folder)).toEqual([bytes])
    await Promise.all([one.worker.close(), two.worker.close()])
  })

  it('that can’t be looked at when a worker starts keeps it from starting', async () => {
    const folder = newFolder()
    const one = await open(folder, 'one')
    expect(await one.send(finished())).toBe(204)
    const start = withFault('stat', /\.one\.ndjson$/, 'EIO', () => open(folder, 'two'))
    await expect(start).rejects.toThrow(`Can't keep events in ${folder}: EIO.`)
    await one.worker.close()
  })
})
