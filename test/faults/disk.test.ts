import { chmodSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Script, Step } from '../programs/host.ts'
import { fillQueue, namesIn, queueFolder } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { findMounter, type Mounter } from '../support/mounts.ts'
import { program } from '../support/programs.ts'
import { cliCommand, type Ended, run, type RunOptions } from '../support/run.ts'
import { faultHome, idsAt, library, settle, stage, uploaderCommand, uploaderEnv } from './stage.ts'

const steps: readonly Step[] = [
  ['count', 'run', 'success'],
  ['count', 'repl'],
  ['select', 'jit'],
  ['capabilities', { gpu: true }],
  ['milestone', 'project'],
  ['close'],
]

const silence: Ended = { code: 0, signal: null, out: '', err: '' }

type Mount = readonly [Mounter, Parameters<Mounter>[0]]

/** Runs a host in whatever trouble, and sees that it notices nothing of it. */
async function staysUnmoved(
  home: Home,
  options: RunOptions = {},
  { mount, more = [] }: { mount?: Mount; more?: readonly Step[] } = {},
): Promise<void> {
  const timing = path.join(faultHome().path, 'timing')
  const script: Script = { library, version: '1.0.0', steps: [...more, ...steps], timing }
  const command = [process.execPath, program('host'), JSON.stringify(script)]
  const [first = '', ...rest] = mount === undefined ? command : mount[0](mount[1], command)
  const ended = await run(first, rest, home, options)
  // The text alone, first: where a test fails, only the first line is always kept.
  expect(`${ended.out}${ended.err}`).toBe('')
  expect(ended).toEqual(silence)
  // A host that stood in line for something would do so for two seconds at each of its five steps; a
  // disk of many may stand still for one.
  expect(Number(readFileSync(timing, 'utf8'))).toBeLessThan(8000)
}

describe.concurrent('a host goes on fast and silently if', () => {
  it('HOME is not set', async () => {
    const home = faultHome()
    await staysUnmoved(home, { env: { HOME: undefined, TEST_HOME: home.path } })
    expect(namesIn(home.path)).toEqual([])
  })

  it.each(['', 'relative/home', '/proc/nonexistent', '/dev/null'])('HOME is %j', async (folder) => {
    const home = faultHome()
    await staysUnmoved(home, { env: { HOME: folder, TEST_HOME: home.path } })
    expect(namesIn(home.path)).toEqual([])
  })

  it('HOME is a file', async () => {
    const home = faultHome()
    const env = { HOME: home.write('a-file', 'text') }
    await staysUnmoved(home, { env })
    expect(home.read('a-file')).toBe('text')
  })

  it.each([
    '.cache',
    '.cache/runmat',
    '.cache/runmat/telemetry',
    '.cache/runmat/telemetry/queue',
    '.runmat',
  ])('%s is a file', async (name) => {
    const { home } = await stage()
    home.write(name, 'text')
    await staysUnmoved(home)
    expect(home.read(name)).toBe('text')
  })

  it.each(['telemetry_id', 'telemetry_id/inner'])('.runmat/%s is in the way', async (name) => {
    const { home, collector } = await stage()
    settle(home)
    // A folder in place of the id, with and without something in it.
    home.write(path.join('.runmat', name, 'x'), 'text')
    await staysUnmoved(home)
    expect(collector.requests).toBe(0)
  })

  it('its working folder was deleted', async () => {
    const { home, collector } = await stage()
    settle(home)
    await staysUnmoved(home, {}, { more: [['lose folder']] })
    await collector.received(2)
    expect(collector.events.map(({ json }) => json)).toContainEqual(
      expect.objectContaining({ trigger: 'first_seen_for_version' }),
    )
  })

  it('its settings cannot be read', async () => {
    const { home, collector } = await stage()
    settle(home)
    rmSync(home.settings)
    home.write(path.join(home.settings, 'in-the-way'), '')
    await staysUnmoved(home)
    expect(namesIn(queueFolder(home))).toEqual([])
    expect(collector.requests).toBe(0)
  })

  it('its cache folder is read-only', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may write everywhere')
    const { home } = await stage()
    settle(home)
    chmodSync(home.state, 0o500)
    await staysUnmoved(home)
    chmodSync(home.state, 0o700)
    expect(namesIn(home.state)).toEqual(['stats.json'])
  })
})

/** Puts the cache folder onto a disk with so many pages left on it. */
const almostFull = (pages: number) => `
  cp -r "$HOME/.cache/runmat" "$HOME/copy"
  mount -t tmpfs -o size=256k,mode=700 none "$HOME/.cache"
  cp -r "$HOME/copy" "$HOME/.cache/runmat"
  dd if=/dev/zero of="$HOME/.cache/full" bs=4k 2> "$HOME/dd" || true
  truncate -s -${pages * 4096} "$HOME/.cache/full"
`

describe('where a disk', () => {
  const mounter = findMounter()

  describe
    .skipIf(mounter === undefined)
    .concurrent('is in trouble, a host goes on fast and silently if it', () => {
      const on = (before: string, after = ''): { mount: Mount } => ({
        mount: [mounter as Mounter, { before, after }],
      })

      it.each([0, 1, 2, 3, 4, 5, 6])('has %i pages left', async (pages) => {
        const { home } = await stage()
        settle(home)
        const look = `
        cd "$HOME/.cache/runmat/telemetry"
        # The uploader may be at work: what is its own goes by itself.
        for try in $(seq 100); do
          find . -name '*.tmp' -o -name 'stats.json.lock*' > "$HOME/left"
          [ -s "$HOME/left" ] || break
          sleep 0.1
        done
        cp stats.json "$HOME/stats.json"
      `
        await staysUnmoved(home, {}, on(almostFull(pages), look))
        expect(home.read('left')).toBe('')
        // The old statistics or the new ones, and nothing between.
        const { sequence } = JSON.parse(home.read('stats.json')) as { sequence: number }
        expect(pages === 0 && sequence > 0).toBe(false)
      })

      it.each([1, 2, 3, 4, 5, 6])('has %i pages left, and more a moment later', async (pages) => {
        const { home, collector } = await stage()
        settle(home)
        const script: Script = { library, version: '1.0.0', steps }
        const again = `"${process.execPath}" "${program('host')}" '${JSON.stringify(script)}'`
        const after = `
          # On a full disk it says that it can't take its lock.
          upload() { ${cliCommand.map((word) => `"${word}"`).join(' ')} upload 2>> "$HOME/upload"; }
          until upload | grep -qvi another > "$HOME/first"; do :; done
          rm "$HOME/.cache/full"
          ${again} > "$HOME/host" 2>&1
          until upload > "$HOME/second"; do :; done
          ls "$HOME/.cache/runmat/telemetry/queue" > "$HOME/left"
        `
        await staysUnmoved(home, {}, on(almostFull(pages), after))
        expect([home.read('host'), home.read('left')]).toEqual(['', ''])
        const events = collector.events.map(
          ({ json }) => json as { sequence: number; trigger: string },
        )
        const triggers = events.map(({ trigger }) => trigger)
        // What could not be noted was not sent either, and so nothing comes twice.
        expect(triggers).toEqual(expect.arrayContaining(['first_seen_for_version', 'project']))
        expect(new Set(triggers).size).toBe(events.length)
        expect(new Set(events.map(({ sequence }) => sequence)).size).toBe(events.length)
      })

      it('cannot take one more file', async () => {
        const { home, collector } = await stage()
        home.write('.cache/.keep', '')
        await staysUnmoved(home, {}, on('mount -t tmpfs -o nr_inodes=1 none "$HOME/.cache"'))
        expect(collector.requests).toBe(0)
      })

      it.each(['.cache', '.runmat', ''])('is read-only at ~/%s', async (name) => {
        const { home, collector } = await stage()
        settle(home)
        home.write('.runmat/.keep', '')
        const before = `
        mount --bind "$HOME/${name}" "$HOME/${name}"
        mount -o remount,bind,ro "$HOME/${name}"
      `
        await staysUnmoved(home, {}, on(before))
        expect(collector.requests).toBe(0)
      })
    })

  it.skipIf(mounter === undefined).concurrent.each([0, 1, 2, 3])(
    'has %i pages left, the uploader sends every event at most once, and puts it on record',
    async (pages) => {
      const { home, collector } = await stage()
      const ids = fillQueue(home, 10).map(({ id }) => id)
      const twice =
        '"$@"; "$@"; cd "$HOME/.cache/runmat/telemetry"; ls queue > "$HOME/left"; ' +
        'touch sent.ndjson; cat sent.ndjson > "$HOME/sent"'
      const command = ['sh', '-c', twice, 'sh', ...uploaderCommand]
      const [first = '', ...rest] = (mounter as Mounter)({ before: almostFull(pages) }, command)
      expect(await run(first, rest, home, { env: uploaderEnv })).toEqual(silence)
      const left = home.read('left').split('\n').filter(Boolean)
      expect(idsAt(collector)).toHaveLength(10 - left.length)
      expect(new Set(idsAt(collector)).size).toBe(10 - left.length)
      expect(ids.filter((id) => left.some((name) => name.includes(id)))).toHaveLength(left.length)
      // One page holds the lock. Without another, nothing could say what left if the uploader was killed.
      expect(left).toHaveLength(pages < 2 ? 10 : 0)
      for (const id of idsAt(collector)) expect(home.read('sent')).toContain(id)
    },
  )
})
