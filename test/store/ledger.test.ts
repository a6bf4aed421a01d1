import { appendFileSync, readFileSync, statSync, symlinkSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { countSent, noteSent, readLedger } from '../../src/store/ledger.ts'
import type { Sending } from '../../src/store/ledger-lines.ts'
import { namesIn } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { program } from '../support/programs.ts'
import { cli, cliJson } from '../support/run.ts'
import { runner, together } from '../support/together.ts'

const sending: Sending = {
  sentAt: '2026-01-01T00:00:00Z',
  endpoint: 'https://example.com/v1/t',
  via: 'http',
  confirmed: true,
}

interface Noted {
  readonly name: string
  readonly index: number
}

const ledgerOf = (home: Home): string => `${home.state}/sent.ndjson`

/** Lets several processes append at once. */
async function appendTogether(home: Home, processes: number, count: number, bytes: number) {
  const args = (name: number) => [
    program('note'),
    ledgerOf(home),
    String(name),
    String(count),
    String(bytes),
  ]
  const runners = Array.from({ length: processes }, (_, name) =>
    runner(process.execPath, args(name), home),
  )
  for (const end of await together(runners)) expect(end).toMatchObject({ code: 0, err: '' })
}

describe('the ledger', () => {
  it('says how an event was sent and whether it was confirmed', async () => {
    const home = tempHome()
    noteSent(ledgerOf(home), sending, '{"n":1}')
    noteSent(ledgerOf(home), { ...sending, via: 'udp', confirmed: false }, '{"n":2}', '{"n":3}')
    const { sentAt: sent_at, endpoint } = sending
    expect(await cliJson(home, ['log'])).toEqual([
      { sent_at, endpoint, event: { n: 3 }, via: 'udp', confirmed: false },
      { sent_at, endpoint, event: { n: 2 }, via: 'udp', confirmed: false },
      { sent_at, endpoint, event: { n: 1 }, via: 'http', confirmed: true },
    ])
    expect(statSync(ledgerOf(home)).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['small', 900],
    ['as large as events get', 13_000],
  ])('stays bounded while four processes append events that are %s', async (_, bytes) => {
    const home = tempHome()
    await appendTogether(home, 4, 1500, bytes)
    const text = readFileSync(ledgerOf(home), 'utf8')
    expect(text.length).toBeLessThan(Math.max(2 * 1024 * 1024, 2.2 * 1000 * bytes) + 100_000)
    const noted = readLedger(ledgerOf(home)).map(({ event }) => event as Noted)
    expect(noted.length).toBeGreaterThanOrEqual(1000)
    expect(countSent(ledgerOf(home)).events).toBe(noted.length)
    // The newest of each process are there once each, and without a gap: only a few that were
    // appended while another process cut may stand apart.
    for (const name of ['0', '1', '2', '3']) {
      const own = noted.filter((one) => one.name === name).map(({ index }) => index)
      const sorted = own.toSorted((a, b) => a - b)
      expect(new Set(own).size).toBe(own.length)
      const start = sorted.findLastIndex((index, at) => index !== 1500 - own.length + at) + 1
      expect(start).toBeLessThanOrEqual(30)
    }
    expect(namesIn(home.state)).toEqual(['sent.ndjson'])
  })

  it('is read even if it is too large, and is cut back by the next append', async () => {
    const home = tempHome()
    noteSent(ledgerOf(home), sending, '{"n":0}')
    const line = readFileSync(ledgerOf(home), 'utf8')
    const lines = Array.from({ length: 139_000 }, (_, n) => line.replace('"n":0', `"n":${n}`))
    appendFileSync(ledgerOf(home), lines.join(''))
    expect((await cli(home, ['log'])).out).toMatch(/^139,000 events, newest first/m)
    noteSent(ledgerOf(home), sending, '{"n":139000}')
    expect(statSync(ledgerOf(home)).size).toBeLessThan(1.1 * 1024 * 1024)
    expect(readLedger(ledgerOf(home)).slice(0, 2)).toMatchObject([
      { event: { n: 139_000 } },
      { event: { n: 138_999 } },
    ])
  })

  it.each([
    '7',
    'null',
    '{"sent_at":"2026-01-01T00:00:00Z","endpoint":"x"}',
    '{"sent_at":"2026-01-01T00:00:00Z","endpoint":"x","event":7}',
    '{"sent_at":1,"endpoint":"x","event":{}}',
    '{"sent_at":"2026-01-01T00:00:00Z","endpoint":"x","event":{"cut',
    `{"sent_at":${'['.repeat(100_000)}}`,
    '\u0000\u0000\u0000',
  ])('skips the damaged line %.60j and starts the next on a line of its own', async (damaged) => {
    const home = tempHome()
    noteSent(ledgerOf(home), sending, '{"n":1}')
    appendFileSync(ledgerOf(home), damaged)
    noteSent(ledgerOf(home), sending, '{"n":2}')
    const { code, err, out } = await cli(home, ['log'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('2 events')
    expect(await cliJson(home, ['log'])).toMatchObject([{ event: { n: 2 } }, { event: { n: 1 } }])
  })

  it('is never appended to through a link', () => {
    const home = tempHome()
    const victim = home.write('victim', 'mine')
    home.write(`${home.state}/.keep`, '')
    symlinkSync(victim, ledgerOf(home))
    expect(() => noteSent(ledgerOf(home), sending, '{}')).toThrow(/not ours/)
    expect(home.read(victim)).toBe('mine')
  })
})
