import type * as fs from 'node:fs'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { noteSent, readLedger } from '../../src/store/ledger.ts'
import type { Sending } from '../../src/store/ledger-lines.ts'
import { tempHome } from '../support/home.ts'

/** What another process does while this one cuts the ledger back. */
const other = vi.hoisted(() => ({
  whileCopied: (): void => undefined,
  beforeRename: (): void => undefined,
  afterRename: (): void => undefined,
}))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const openSync: typeof real.openSync = (file, ...rest) => {
    // The new ledger, under another name.
    if (String(file).endsWith('.tmp')) other.whileCopied()
    return real.openSync(file, ...rest)
  }
  const renameSync: typeof real.renameSync = (...names) => {
    other.beforeRename()
    real.renameSync(...names)
    other.afterRename()
  }
  return { ...real, openSync, renameSync }
})

const sending: Sending = {
  sentAt: '2026-01-01T00:00:00Z',
  endpoint: 'https://example.invalid/t',
  via: 'http',
  confirmed: true,
}

/** A ledger that the next append cuts back. */
function fullLedger() {
  const ledger = `${tempHome().state}/sent.ndjson`
  noteSent(ledger, sending, '{"n":0}')
  const line = readFileSync(ledger, 'utf8')
  const lineOf = (n: number) => line.replace('"n":0', `"n":${n}`)
  const count = Math.ceil((2 * 1024 * 1024) / line.length)
  appendFileSync(ledger, Array.from({ length: count }, (_, n) => lineOf(n + 1)).join(''))
  return { ledger, lineOf }
}

function found(ledger: string) {
  const lines = readFileSync(ledger, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  const damaged = lines.filter((line) => !/^\{"sent_at":.*"event":\{"n":-?\d+\}.*\}$/.test(line))
  const numbers = readLedger(ledger).map(({ event }) => (event as { readonly n: number }).n)
  return { damaged, own: numbers.filter((n) => n < 0).toSorted((a, b) => b - a) }
}

describe('a ledger that is cut back while another process appends', () => {
  afterEach(() => {
    other.whileCopied = other.beforeRename = other.afterRename = () => undefined
    vi.useRealTimers()
  })

  it('leaves out half a line, which its writer adds again', () => {
    const { ledger, lineOf } = fullLedger()
    other.beforeRename = () => appendFileSync(ledger, lineOf(-1).slice(0, 40))
    other.afterRename = () => appendFileSync(ledger, lineOf(-2))
    noteSent(ledger, sending, '{"n":-3}')
    expect(found(ledger)).toEqual({ damaged: [], own: [-2, -3] })
  })

  it('has a line whole that was half written when it was copied', () => {
    const { ledger, lineOf } = fullLedger()
    let isHalf = false
    other.whileCopied = () => {
      if (!isHalf) appendFileSync(ledger, lineOf(-1).slice(0, 40))
      isHalf = true
    }
    other.beforeRename = () => appendFileSync(ledger, lineOf(-1).slice(40))
    other.afterRename = () => appendFileSync(ledger, lineOf(-2))
    noteSent(ledger, sending, '{"n":-3}')
    expect(found(ledger)).toEqual({ damaged: [], own: [-1, -2, -3] })
  })

  it('is left alone by a process that was suspended until another one had cut it back', () => {
    const { ledger, lineOf } = fullLedger()
    let isTakenOver = false
    other.whileCopied = () => {
      if (isTakenOver) return
      isTakenOver = true
      writeFileSync(`${ledger}.lock`, `{"pid":${process.ppid}}\n`)
      rmSync(ledger)
      writeFileSync(ledger, [lineOf(-3), lineOf(-1), lineOf(-2)].join(''))
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    }
    noteSent(ledger, sending, '{"n":-3}')
    expect(found(ledger)).toEqual({ damaged: [], own: [-1, -2, -3] })
    expect(readFileSync(`${ledger}.lock`, 'utf8')).toContain(String(process.ppid))
  })
})

it('a ledger that is cut back keeps a thousand events, whatever else is among them', () => {
  const { ledger, lineOf } = fullLedger()
  const large = (n: number) => lineOf(n).replace('}', `,"filler":"${'x'.repeat(2000)}"}`)
  const events = Array.from({ length: 3000 }, (_, n) => large(n))
  const twice = events.slice(-900)
  const damaged = twice.map((line) => line.replace('{', ''))
  writeFileSync(ledger, [...events, ...twice, ...damaged].join(''))
  noteSent(ledger, sending, '{"n":3000}')
  const numbers = readLedger(ledger).map(({ event }) => (event as { readonly n: number }).n)
  expect(numbers.length).toBeLessThan(1100)
  expect(numbers.slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => 3000 - index))
})
