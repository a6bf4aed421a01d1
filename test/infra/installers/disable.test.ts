import { rmdirSync, utimesSync } from 'node:fs'

import { beforeAll, describe, expect, it } from 'vitest'

import { namesIn } from '../../support/events.ts'
import { nothingRuns } from '../../support/processes.ts'
import { cli, cliJson } from '../../support/run.ts'
import { installers, powershell, sh } from './installer.ts'
import { canInstall, openStage, pathWith, type Stage, where } from './stage.ts'

const marksIn = ({ home }: Stage) =>
  namesIn(home.state).filter((name) => name.startsWith('leaving-'))

/** A curl that posts a second late, as over a slow network. */
const late = `case "$*" in *--data*) sleep 1 ;; esac; exec ${where('curl')} "$@"`

describe.skipIf(!canInstall)('disable, while an installer still posts,', () => {
  beforeAll(() => Promise.all(installers.map(({ ready }) => ready())), 180_000)

  it.each(installers)('returns after its last byte ($name)', async (installer) => {
    const stage = await openStage(installer)
    const { home, collector } = stage
    const PATH = pathWith(home, { curl: late })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    expect(marksIn(stage).length > 0).toBe(installer === sh)
    // The folders of this platform, where the installer believes itself on Windows.
    const env = { XDG_CACHE_HOME: installer === sh ? undefined : home.at('AppData/Local') }
    if (installer === powershell)
      home.write('AppData/Local/runmat/telemetry/sent.ndjson', home.read(installer.ledger))
    expect((await cli(home, ['disable'], { env })).code).toBe(0)
    const { requests } = collector
    await nothingRuns(home)
    expect(collector.requests).toBe(requests)
    // What had no mark yet has found the opt-out.
    expect(requests).toBeGreaterThan(0)
    expect(marksIn(stage)).toEqual([])
  })

  it.each([
    ['could make no mark', '.cache', 'a file'],
    ['could not put it on record', '.cache/runmat/telemetry/sent.ndjson/in the way', ''],
  ])('finds nothing of one that %s', async (_, name, text) => {
    const stage = await openStage(sh)
    const { home, collector } = stage
    home.write(name, text)
    const PATH = pathWith(home, { curl: late })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    await cli(home, ['disable'])
    await nothingRuns(home)
    expect(collector.requests).toBe(0)
  })

  it('looks for what one got no answer to', async () => {
    const stage = await openStage(sh)
    const { home, collector } = stage
    collector.setAnswer({ hang: 'before headers' })
    expect(await stage.install()).toMatchObject({ code: 0 })
    await nothingRuns(home)
    expect(collector.requests).toBe(2)
    expect(marksIn(stage)).toHaveLength(2)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(marksIn(stage)).toEqual([])
    expect(await cliJson<unknown[]>(home, ['log'])).toHaveLength(2)
  })

  it('puts on record what one could not, once it had posted it', async () => {
    const stage = await openStage(sh)
    const { home, collector } = stage
    const ledger = home.at('.cache/runmat/telemetry/sent.ndjson')
    const inTheWay = `case "$*" in *--data*) mkdir -p '${ledger}' ;; esac; exec ${where('curl')} "$@"`
    const PATH = pathWith(home, { curl: inTheWay })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    await nothingRuns(home)
    const { requests } = collector
    expect(requests).toBeGreaterThan(0)
    expect(marksIn(stage)).toHaveLength(requests)
    rmdirSync(ledger)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(await cliJson<unknown[]>(home, ['log'])).toHaveLength(requests)
  })

  it('is obeyed by what has made its mark and not begun', async () => {
    const stage = await openStage(sh)
    const { home } = stage
    // Somebody opts out right after the last folder for the mark was found to be ours.
    const off = `printf '[telemetry]\nenabled = false\n' >'${home.at('runmat.toml')}'`
    const find = `case "$*" in *runmat/telemetry*) ${off} ;; esac; exec ${where('find')} "$@"`
    const PATH = pathWith(home, { find })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    await nothingRuns(home)
    expect(home.has('runmat.toml')).toBe(true)
    expect(stage.collector.requests).toBe(0)
    expect(marksIn(stage)).toEqual([])
  })

  it('says so if one was suspended, which goes on later', async () => {
    const stage = await openStage(sh)
    const { home, collector } = stage
    const pids = home.at('suspended')
    const suspended =
      `case "$*" in *--data*) echo $$ >>'${pids}'; kill -STOP $$ ;; esac; ` +
      `exec ${where('curl')} "$@"`
    const PATH = pathWith(home, { curl: suspended })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    await expect.poll(() => home.has(pids) && home.read(pids).split('\n').length).toBe(3)
    expect(await cli(home, ['disable'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('could not be stopped'),
    })
    expect(collector.requests).toBe(0)
    for (const pid of home.read(pids).trim().split('\n')) process.kill(Number(pid), 'SIGCONT')
    expect((await cli(home, ['disable'])).code).toBe(0)
    const { requests } = collector
    await nothingRuns(home)
    expect(requests).toBe(2)
    expect(collector.requests).toBe(requests)
    expect(marksIn(stage)).toEqual([])
  })

  it('puts on record what one had posted when it was killed', async () => {
    const stage = await openStage(sh)
    const { home, collector } = stage
    const killing = `case "$*" in *--data*) kill -KILL $PPID ;; esac; exec ${where('curl')} "$@"`
    const PATH = pathWith(home, { curl: killing })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    const sent = async () =>
      (await cliJson<readonly { event: unknown; via: string; confirmed: boolean }[]>(home, ['log']))
        .map(({ event, via, confirmed }) => ({ text: JSON.stringify(event), via, confirmed }))
        .toSorted((one, other) => (one.text < other.text ? -1 : 1))
    expect(await stage.labels()).toHaveLength(2)
    expect(await sent()).toEqual([])
    expect((await cli(home, ['disable'])).code).toBe(0)
    const arrived = collector.events.map(({ text }) => text).toSorted()
    const facts = { via: 'installer', confirmed: false }
    expect(await sent()).toEqual(arrived.map((text) => ({ text, ...facts })))
    expect(marksIn(stage)).toEqual([])
  })

  it('waits no longer than a post can take, and removes what a killed one has left', async () => {
    const stage = await openStage(sh)
    const { home } = stage
    const leave = (text: string) =>
      home.write(`${home.state}/leaving-${crypto.randomUUID()}.tmp`, text)
    leave('')
    leave('{"pid":4194304}\n')
    const begun = performance.now()
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(performance.now() - begun).toBeLessThan(15_000)
    expect(marksIn(stage)).toEqual([])
    // As if by a clock that was an hour fast.
    const inAnHour = Date.now() / 1000 + 3600
    utimesSync(leave(''), inAnHour, inAnHour)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(marksIn(stage)).toEqual([])
  })
})
