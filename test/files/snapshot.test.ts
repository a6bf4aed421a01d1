import type fs from 'node:fs'
import {
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'

import { siblingsAmong, sightingOf, takeSnapshot } from '../../src/files/snapshot.ts'
import { eventually } from '../support/eventually.ts'
import { type Home, tempHome } from '../support/home.ts'

/** What happens each time after a folder was looked at and before the files in it are. */
const meanwhile = vi.hoisted(() => ({ act: () => {} }))
/** Folders whose times stand still. */
const still = vi.hoisted(() => new Map<string, Stats>())

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const look = (file: string, options: { throwIfNoEntry: false }) =>
    still.get(file) ?? real.lstatSync(file, options)
  const statfsSync = (file: string) => {
    meanwhile.act()
    return real.statfsSync(file)
  }
  return { ...real, lstatSync: look, statfsSync }
})

const folders = ['a', 'a/b', 'link', 'link/c'] as const
const names = ['one.toml', 'two.json', 'three'] as const
const places = folders.flatMap((folder) => names.map((name) => path.join(folder, name)))

const change = fc.oneof(
  fc.record({ what: fc.constantFrom('write', 'write', 'remove'), at: fc.constantFrom(...places) }),
  fc.record({
    what: fc.constantFrom('make', 'clear', 'swap', 'point', 'dangle', 'file'),
    at: fc.constantFrom(...folders),
  }),
)

/** What anybody may do to the folders and the files in them. It fails where there is nothing to do it to. */
const does: Readonly<Record<string, (home: Home, at: string) => void>> = {
  write: (home, at) => writeFileSync(home.at(at), '', { flag: 'wx' }),
  remove: (home, at) => rmSync(home.at(at)),
  make: (home, at) => mkdirSync(home.at(at)),
  clear: (home, at) => rmSync(home.at(at), { recursive: true }),
  swap: (home, at) => {
    renameSync(home.at(at), home.at('spare'))
    mkdirSync(home.at(at))
    writeFileSync(home.at(at, names[0]), '')
    rmSync(home.at('spare'), { recursive: true })
  },
  point: (home, at) => symlinkSync(home.at('elsewhere'), home.at(at)),
  dangle: (home, at) => symlinkSync('nowhere', home.at(at)),
  file: (home, at) => writeFileSync(home.at(at), ''),
}

function tried(work: () => void): void {
  try {
    work()
  } catch {
    // Nothing was there, or something was in the way.
  }
}

/** Waits until nothing was changed so lately that it could change once more without a trace. */
async function settled(home: Home): Promise<void> {
  await eventually(() => {
    const all = folders.map((folder) => sightingOf(home.at(folder)))
    expect(all.map(({ version }) => version)).toEqual(all.map(({ trace }) => trace))
  })
}

function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

describe('a snapshot that looks at folders instead of the files missing in them', () => {
  it('sees every file that comes, goes, or comes with another folder, at once', async () => {
    const worlds = fc.sample(fc.array(change, { minLength: 1, maxLength: 3 }), 60)
    const home = tempHome()
    const files = places.map((place) => home.at(place))
    const families = siblingsAmong(files)
    const look = () => {
      const see = takeSnapshot(families)
      return files.filter((file) => see(file).version !== '')
    }
    mkdirSync(home.at('elsewhere/c'), { recursive: true })
    mkdirSync(home.at('a/b'), { recursive: true })
    symlinkSync('elsewhere', home.at('link'))
    for (const changes of worlds) {
      await settled(home)
      look()
      for (const { what, at } of changes) {
        tried(() => does[what]?.(home, at))
        expect(look(), `after ${what} ${at}`).toEqual(files.filter(isThere))
      }
    }
  }, 120_000)

  it('keeps nothing of a folder whose link has led elsewhere meanwhile', async () => {
    const home = tempHome()
    const point = (target: string): void => {
      rmSync(home.at('link'), { force: true })
      symlinkSync(target, home.at('link'))
    }
    const files = [home.write('full/one', ''), home.at('full/two')]
    mkdirSync(home.at('empty'))
    const families = siblingsAmong(files.map((file) => home.at('link', path.basename(file))))
    const isSeen = () => takeSnapshot(families)(home.at('link/one')).version !== ''
    await eventually(() => {
      const { version, trace } = sightingOf(home.at('full'))
      expect(version).toBe(trace)
    })
    point('full')
    meanwhile.act = () => point('empty')
    isSeen()
    meanwhile.act = () => {}
    point('full')
    expect(isSeen()).toBe(true)
  })

  it('soon sees a file that has come without a trace, as one below an overlay does', async () => {
    const home = tempHome()
    const folder = home.at('lower')
    mkdirSync(folder)
    const old = lstatSync(folder)
    old.mtimeMs -= 10_000
    old.ctimeMs -= 10_000
    still.set(folder, old)
    const families = siblingsAmong([home.at('lower/one'), home.at('lower/two')])
    const isSeen = () => takeSnapshot(families)(home.at('lower/one')).version !== ''
    expect(isSeen()).toBe(false)
    home.write('lower/one', '')
    await eventually(() => expect(isSeen()).toBe(true))
  })

  it('counts places in one folder only, and only if there are several', () => {
    const three = ['/a/1', '/b/1', '/a/2'].map((file) => path.normalize(file))
    expect(siblingsAmong(three)).toEqual([
      {
        folder: path.normalize('/a'),
        files: [three[0], three[2]],
        key: `${three[0]}\0${three[2]}`,
      },
    ])
  })
})
