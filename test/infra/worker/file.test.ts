import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { readSettings } from '../../../infra/worker/src/settings.ts'
import { openFile } from '../../../infra/worker/src/sinks/file.ts'
import { rememberedIn } from '../../../infra/worker/src/sinks/remembered.ts'
import { openWorker } from '../../../infra/worker/src/open-worker.ts'
import { tempHome } from '../../support/home.ts'
import { finished, install, started, usage, uuidOf, wire } from './support/events.ts'
import { withFault, withHandleFault } from './support/faults.ts'
import { requestOf } from './support/requests.ts'
import { key, later, openLogged } from './support/stage.ts'

const home = tempHome()
let files = 0

function newFile(): string {
  files += 1
  return home.at(`events-${files}.ndjson`)
}

async function open(file: string) {
  const settings = readSettings({ INGESTION_KEY: key, EVENTS_FILE: file })
  const worker = await openWorker(settings, openLogged())
  const handle = fetchHandlerOf(worker)
  const send = async (bytes: string) => (await handle(requestOf(bytes))).status
  const ready = async () => (await handle(new Request('http://worker.invalid/readyz'))).status
  return { worker, send, ready }
}

function lines(file: string): readonly string[] {
  return home.read(file).split('\n').slice(0, -1)
}

describe('the file sink', () => {
  it('writes the contract’s bytes, one event per line, into a file only its owner can read', async () => {
    const file = newFile()
    const { worker, send } = await open(file)
    const events = [finished(), started(), install(), usage()]
    for (const bytes of events) expect(await send(bytes)).toBe(204)
    await worker.close()
    expect(home.read(file)).toBe(`${events.join('\n')}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('stores each event once, even if it arrives several times at once', async () => {
    const file = newFile()
    const { worker, send } = await open(file)
    const bytes = finished()
    const old = wire('runtime-finished-000')
    const answers = await Promise.all([bytes, bytes, old, bytes, old].map(send))
    expect(answers).toEqual([204, 204, 204, 204, 204])
    expect(await send(bytes)).toBe(204)
    await worker.close()
    expect(lines(file)).toHaveLength(2)
  })

  it('remembers the last hundred thousand ids', async () => {
    const { has, add } = await rememberedIn(newFile())
    const ids = Array.from({ length: 250_001 }, (_, index) => String(index))
    for (const id of ids) add(id)
    expect(ids.slice(-100_000).every(has)).toBe(true)
    expect(ids.filter(has).length).toBeLessThanOrEqual(200_000)
  })

  it('remembers stored events across a restart, even if the file ends in half a line', async () => {
    const file = newFile()
    const bytes = finished()
    const first = await open(file)
    await first.send(bytes)
    await first.worker.close()
    appendFileSync(file, started().slice(0, 40))
    const second = await open(file)
    expect(await second.send(bytes)).toBe(204)
    const next = usage()
    expect(await second.send(next)).toBe(204)
    await second.worker.close()
    const [one, torn, two, ...more] = lines(file)
    expect([one, two, more]).toEqual([bytes, next, []])
    expect(torn).toHaveLength(40)
  })

  it('starts a new file when the old one is moved away', async () => {
    const file = newFile()
    const { worker, send } = await open(file)
    const [one, other] = [finished(), finished()]
    await send(one)
    renameSync(file, `${file}.1`)
    expect(await send(other)).toBe(204)
    await worker.close()
    expect([home.read(`${file}.1`), home.read(file)]).toEqual([`${one}\n`, `${other}\n`])
  })

  it('creates the folder of the file', async () => {
    const file = home.at('some', 'where', 'events.ndjson')
    const { worker, send } = await open(file)
    expect(await send(finished())).toBe(204)
    await worker.close()
    expect(lines(file)).toHaveLength(1)
  })

  it.runIf(existsSync('/dev/full'))('answers no 204 on a full disk', async () => {
    const { worker, send, ready } = await open('/dev/full')
    later(() => worker.close())
    expect(await send(finished())).toBe(503)
    expect(await ready()).toBe(503)
  })

  it('fails at the start if the file cannot be read, and forgets no id', async () => {
    const file = newFile()
    home.write(file, `${finished()}\n`)
    const start = withFault('open', /events-\d+\.ndjson$/, 'EMFILE', () => rememberedIn(file))
    await expect(start).rejects.toThrow(`Can't keep events in ${file}: EMFILE.`)
  })

  it('fails at the start if the file cannot be opened', async () => {
    await expect(open(home.path)).rejects.toThrow(
      `Can't keep events in ${home.path}: it is a folder.`,
    )
  })
})

describe('erasing in the file', () => {
  const faults = [
    ['read', /\.ndjson$/, 'EIO', 'file: EIO'],
    ['appendFile', /\.erasing$/, 'ENOSPC', 'file: the disk is full'],
  ] as const
  it.each(faults)(
    'that fails to %s leaves it as it was, and nothing beside it',
    async (...fault) => {
      const [call, place, code, cause] = fault
      const file = newFile()
      const bytes = finished()
      home.write(file, `${bytes}\n`)
      const sink = await openFile(file)
      const erase = async () => await sink.erase?.([uuidOf(bytes)])
      expect(await withHandleFault(call, place, code, erase)).toEqual({ cause })
      expect(lines(file)).toEqual([bytes])
      expect(existsSync(`${file}.erasing`)).toBe(false)
      expect(await erase()).toBeUndefined()
      expect(lines(file)).toEqual([])
      await sink.close()
    },
  )
})
