import { isDeepStrictEqual } from 'node:util'

import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'

import { main } from '../../src/cli/main.ts'
import { runmat } from '../../src/product/runmat.ts'
import type { HostEnvironment } from '../../src/settings/host-environment.ts'
import { tempHome, type Home } from '../support/home.ts'
import { dice } from '../settings/toml/dice.ts'
import { nasty } from '../settings/toml/nasty.ts'

type Table = Record<string, unknown>

const enabled = ['runtime', 'telemetry', 'enabled']
const endpoint = ['runtime', 'telemetry', 'http_endpoint']
const uploads = ['telemetry', 'uploads']
const url = 'https://example.invalid/t'

const commands: readonly (readonly [readonly string[], readonly string[], unknown])[] = [
  [['disable'], enabled, false],
  [['enable'], enabled, true],
  [['endpoint', url], endpoint, url],
  [['endpoint', ''], uploads, false],
]

describe('two hundred documents of all kinds', () => {
  it.each(commands)('survive %j but for the one key', async (args, key, value) => {
    const home = tempHome()
    let changed = 0
    await fc.assert(
      fc.asyncProperty(dice, fc.boolean(), async (rolls, isPresent) => {
        const { text, comments } = nasty(rolls, isPresent)
        const code = await runIn(home, args, text)
        const after = home.read(home.settings)
        if (code !== 0) {
          // The key had a value that it cannot have, or its table is something else.
          expect(after).toBe(text)
          return
        }
        changed += 1
        const expected = withValue(values(text), key, value)
        const isLifted = args[1] === url && valueOf(values(text), uploads) === false
        const ours = isLifted ? withoutUploads(expected) : expected
        const theirs = isLifted ? withoutUploads(values(after)) : values(after)
        if (isLifted) expect(valueOf(values(after), uploads)).toBeUndefined()
        expect(isDeepStrictEqual(theirs, ours)).toBe(true)
        // A comment inside the value that was replaced is the only one that may go.
        const replaced = changedPart(text, after)
        const lost = comments.filter((comment) => !after.includes(comment))
        expect(lost.filter((comment) => !replaced.includes(comment))).toEqual([])
      }),
      { numRuns: 200 },
    )
    expect(changed).toBeGreaterThan(80)
  })
})

/** What of the text is between all that both have in common at the beginning and at the end. */
function changedPart(text: string, after: string): string {
  const most = Math.min(text.length, after.length)
  let start = 0
  while (start < most && text[start] === after[start]) start += 1
  let end = 0
  while (end < most - start && text.at(-1 - end) === after.at(-1 - end)) end += 1
  return text.slice(start, text.length - end)
}

async function runIn(home: Home, args: readonly string[], text: string): Promise<number> {
  home.write(home.settings, text)
  const nowhere = () => undefined
  const io = {
    out: nowhere,
    err: nowhere,
    outIsTerminal: false,
    outIsClosed: () => false,
    errIsTerminal: () => false,
    outWidth: () => 80,
    outHeight: () => 24,
    errWidth: () => 80,
    inIsTerminal: () => false,
    colour: false,
    input: () => '',
  }
  const uploader = () => ({ command: 'false', args: [] })
  const environment = surroundingsOf(home)
  return await main(
    { product: runmat, version: '1.0.0', hostVersion: undefined, uploader, environment, io },
    args,
  )
}

function surroundingsOf(home: Home): HostEnvironment {
  return {
    env: home.env,
    home: home.path,
    cwd: home.path,
    platform: 'linux',
    arch: 'x64',
    ci: undefined,
    configHome: home.at('.config'),
    cacheHome: (name) => home.at('.cache', name),
    now: Date.now,
    uptime: () => 0,
  }
}

function values(text: string): Table {
  return parse(text, { integersAsBigInt: true })
}

/** An address lifts a ban on uploads; a table that held nothing else may go with it. */
function withoutUploads(table: Table): Table {
  const { uploads: _, ...others } = (table['telemetry'] ?? {}) as Table
  const { telemetry: __, ...rest } = table
  return Object.keys(others).length === 0 ? rest : { ...rest, telemetry: { ...others } }
}

function valueOf(table: Table, [key = '', ...rest]: readonly string[]): unknown {
  const value = table[key]
  if (rest.length === 0) return value
  return typeof value === 'object' && value !== null ? valueOf(value as Table, rest) : undefined
}

function withValue(table: Table, [key = '', ...rest]: readonly string[], value: unknown): Table {
  const copy = Object.assign(Object.create(null) as Table, table)
  const inner = (copy[key] ?? Object.create(null)) as Table
  copy[key] = rest.length === 0 ? value : withValue(inner, rest, value)
  return copy
}
