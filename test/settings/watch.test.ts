import {
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { watch } from '../../src/settings/context.ts'
import { eventually } from '../support/eventually.ts'
import { environmentIn } from '../support/in-process.ts'
import { tempHome } from '../support/home.ts'

// FAT counts time in steps of two seconds.
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>()
  const coarse = (look: (file: string, options: object) => Stats | undefined) => {
    return (file: string, options: object) => {
      const stat = look(file, options)
      for (const time of ['mtimeMs', 'ctimeMs'] as const) {
        if (stat !== undefined) stat[time] = Math.floor(stat[time] / 2000) * 2000
      }
      return stat
    }
  }
  return { ...fs, lstatSync: coarse(fs.lstatSync), statSync: coarse(fs.statSync) }
})

// Both have the same size.
const texts = {
  yes: '[runtime.telemetry]\nenabled = true \n',
  no: '[runtime.telemetry]\nenabled = false\n',
} as const

type Content = keyof typeof texts
type Change = (file: string, content: Content) => Content | 'unclear'

const clear = (file: string) => rmSync(file, { recursive: true, force: true })

/** Each way to change what is at a path, and what a reader then finds there. */
const ways: Readonly<Record<string, Change>> = {
  'written in place': (file, content) => {
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) clear(file)
    writeFileSync(file, texts[content])
    return content
  },
  replaced: (file, content) => {
    writeFileSync(`${file}.new`, texts[content])
    renameSync(`${file}.new`, file)
    return content
  },
  'a link to another file': (file, content) => {
    writeFileSync(`${file}.${content}`, texts[content])
    clear(file)
    symlinkSync(`${file}.${content}`, file)
    return content
  },
  'a link whose target changes': (file, content) => {
    clear(file)
    symlinkSync(`${file}.target`, file)
    writeFileSync(`${file}.target`, texts[content])
    return content
  },
  removed: (file) => {
    clear(file)
    return 'yes'
  },
  'a link to nothing': (file) => {
    clear(file)
    symlinkSync(`${file}.nothing`, file)
    return 'unclear'
  },
  'a loop of links': (file) => {
    clear(file)
    symlinkSync(file, file)
    return 'unclear'
  },
  'too large': (file, content) => {
    clear(file)
    writeFileSync(file, texts[content])
    truncateSync(file, 30 * 1024 ** 3)
    return 'unclear'
  },
}

const places = {
  user: '.config/runmat/config.toml',
  home: '.runmat/config.toml',
  system: 'system/runmat/telemetry.toml',
  project: 'work/runmat.toml',
} as const

type Place = keyof typeof places

describe('a host that goes on for long', () => {
  it('hears each change of a settings file at once, also where file times are coarse', () => {
    const step = fc.record({
      place: fc.constantFrom(...(Object.keys(places) as Place[])),
      way: fc.constantFrom(...Object.keys(ways)),
      content: fc.constantFrom<Content>('yes', 'yes', 'no'),
    })
    const heard = { yes: 0, no: 0 }
    const property = fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => {
      const home = tempHome()
      const cwd = home.at('work')
      for (const file of Object.values(places)) {
        mkdirSync(path.dirname(home.at(file)), { recursive: true })
      }
      const context = watch(runmat, environmentIn(home.path, { cwd }), '1.0.0')
      const found = new Map<Place, Content | 'unclear'>()
      for (const { place, way, content } of steps) {
        found.set(place, ways[way]?.(home.at(places[place]), content) ?? 'unclear')
        const collecting = [...found.values()].every((one) => one === 'yes')
        heard[collecting ? 'yes' : 'no'] += 1
        expect(context().verdict.collecting).toBe(collecting)
      }
      rmSync(home.path, { recursive: true })
    })
    // Chance alone may bring hardly any yes: one world has one of everything, and takes it away again.
    const everyWay = Object.keys(ways).flatMap((way) => [
      { place: 'user' as const, way, content: 'yes' as const },
      { place: 'user' as const, way: 'removed', content: 'yes' as const },
    ])
    fc.assert(property, { numRuns: 30, examples: [[everyWay]] })
    expect(Math.min(heard.yes, heard.no)).toBeGreaterThan(10)
  })

  it('hears that the settings it never had are behind a broken link now', async () => {
    const home = tempHome()
    const context = watch(runmat, environmentIn(home.path), '1.0.0')
    expect(context().verdict.collecting).toBe(true)
    symlinkSync('/nowhere/at/all', home.at('.config'))
    await eventually(() => expect(context().verdict.collecting).toBe(false))
  })
})
