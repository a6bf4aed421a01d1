import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { mintClientId, readClientId } from '../../src/store/client-id.ts'
import { tempHome, type Home } from '../support/home.ts'
import { program } from '../support/programs.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const good = '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'

describe('the client id', () => {
  it('is made once, is private, and leaves no other file', () => {
    const { clientId } = tempHome()
    const id = mintClientId(clientId)
    expect(id).toMatch(uuid)
    expect(mintClientId(clientId)).toBe(id)
    expect(readClientId(clientId)).toBe(id)
    expect(readdirSync(path.dirname(clientId))).toEqual(['telemetry_id'])
    expect(statSync(clientId).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(clientId)).mode & 0o777).toBe(0o700)
  })

  it.each([good, `${good}\n`, `  ${good.toUpperCase()}\r\n`])(
    'is read from what other programs wrote: %j',
    (text) => {
      const home = tempHome()
      home.write(home.clientId, text)
      expect(mintClientId(home.clientId)).toBe(good)
      expect(home.read(home.clientId)).toBe(text)
    },
  )

  it.each([
    ['nothing', ''],
    ['a name', 'alice'],
    ['an id made from a network address', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ['two ids', `${good}\n${good}`],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('replaces a file that is %s', (_, text) => {
    const home = tempHome()
    home.write(home.clientId, text)
    expect(readClientId(home.clientId)).toBeUndefined()
    const id = mintClientId(home.clientId)
    expect(id).toMatch(uuid)
    expect(home.read(home.clientId)).toBe(`${id}\n`)
    expect(readdirSync(path.dirname(home.clientId))).toEqual(['telemetry_id'])
  })

  it.each(['1767139200-28913', 'anon-4f2a9c', '\uFEFF1767139200-28913\r\n'])(
    'keeps an id in an older format (%j) and always derives the same UUID',
    (text) => {
      const home = tempHome()
      home.write(home.clientId, text)
      const id = mintClientId(home.clientId)
      const sha = createHash('sha256').update(text.replace('\uFEFF', '').trim()).digest('hex')
      expect(id).toMatch(uuid)
      expect(id.slice(0, 13)).toBe(`${sha.slice(0, 8)}-${sha.slice(8, 12)}`)
      expect(mintClientId(home.clientId)).toBe(id)
      expect(home.read(home.clientId)).toBe(text)
    },
  )

  it('keeps a UUID after a byte order mark', () => {
    const home = tempHome()
    home.write(home.clientId, `\uFEFF${good}`)
    expect(mintClientId(home.clientId)).toBe(good)
  })

  it('follows a link to a valid id and never to another file', () => {
    const home = tempHome()
    home.write('real', good)
    home.write('.runmat/.keep', '')
    symlinkSync(home.at('real'), home.clientId)
    expect(mintClientId(home.clientId)).toBe(good)
  })

  it.each(['', 'not an id'])(
    'is the same for ten processes at once (file: %j)',
    async (content) => {
      const home = tempHome()
      for (let round = 0; round < 3; round += 1) {
        home.write(home.clientId, content)
        const ids = await mintTogether(home, 10)
        expect(new Set(ids).size).toBe(1)
        expect(ids[0]).toBe(readClientId(home.clientId))
      }
    },
  )

  it('is the same for ten processes at once (no file)', async () => {
    const ids = await mintTogether(tempHome(), 10)
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(uuid)
  })
})

/** Starts the processes, waits until all stand at the line, and lets them go at once. */
async function mintTogether(home: Home, count: number): Promise<string[]> {
  const runners = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [program('mint'), home.clientId], {
      env: home.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let out = ''
    const ready = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += String(chunk)
        if (out.startsWith('ready ')) resolve()
      })
    })
    const ended = new Promise<string>((resolve) => {
      child.on('close', () => resolve(out.replace('ready ', '')))
    })
    return { child, ready, ended }
  })
  await Promise.all(runners.map(({ ready }) => ready))
  for (const { child } of runners) child.stdin.end('go')
  return Promise.all(runners.map(({ ended }) => ended))
}
