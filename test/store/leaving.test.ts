import { mkdirSync, rmSync, utimesSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it, vi } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { assess } from '../../src/settings/context.ts'
import { sweepMarks } from '../../src/store/leaving.ts'
import { noteSent, readLedger } from '../../src/store/ledger.ts'
import { cliJson, cli } from '../support/run.ts'
import { runStage } from '../runs/stage.ts'
import { fillQueue, makeEvent, namesIn } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { environmentIn } from '../support/in-process.ts'

const endpoint = 'http://127.0.0.1:9/v1/t'

/** What install.sh has left that was killed while it posted, so many minutes ago. */
function leaveMark(home: Home, minutes: number, pid = 4194304): string {
  const id = crypto.randomUUID()
  const event = { event_label: 'install_start', uuid: id }
  const mark = `${home.state}/leaving-${id}.tmp`
  home.write(mark, `${JSON.stringify({ pid, endpoint, event })}\n`)
  const then = Date.now() / 1000 - minutes * 60
  utimesSync(mark, then, then)
  return id
}

const marksIn = (home: Home) => namesIn(home.state).filter((name) => name.startsWith('leaving-'))

describe('what an installer was posting when it was killed', () => {
  const openPaths = () => {
    const home = tempHome()
    mkdirSync(home.state, { recursive: true, mode: 0o700 })
    return { home, paths: assess(runmat, environmentIn(home.path)).paths }
  }
  const idsIn = (ledger: string) =>
    readLedger(ledger).map(({ event }) => (event as { uuid?: string }).uuid)

  it.each([1, 90])('goes on record with the next upload (%i minutes later)', async (minutes) => {
    const { home } = await runStage()
    fillQueue(home, 1)
    const id = leaveMark(home, minutes)
    expect((await cli(home, ['upload'])).code).toBe(0)
    expect(await cliJson(home, ['log'])).toContainEqual(
      expect.objectContaining({ event: expect.objectContaining({ uuid: id }), confirmed: false }),
    )
    expect(marksIn(home)).toEqual([])
  })

  it('stays noted while the record cannot be written', () => {
    const { home, paths } = openPaths()
    const id = leaveMark(home, 1)
    mkdirSync(paths.ledger)
    sweepMarks(paths)
    expect(marksIn(home)).toHaveLength(1)
    rmSync(paths.ledger, { recursive: true })
    sweepMarks(paths)
    expect(idsIn(paths.ledger)).toEqual([id])
    expect(marksIn(home)).toEqual([])
  })

  it('is not taken for a process of another user', () => {
    const { home, paths } = openPaths()
    const id = leaveMark(home, 1, process.pid)
    sweepMarks(paths)
    expect(idsIn(paths.ledger)).toEqual([])
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not ours'), { code: 'EPERM' })
    })
    sweepMarks(paths)
    kill.mockRestore()
    expect(idsIn(paths.ledger)).toEqual([id])
  })

  it('goes on record in time, however many were killed', () => {
    const { home, paths } = openPaths()
    const before = Array.from({ length: 1000 }, (_, index) => makeEvent(index).bytes)
    noteSent(
      paths.ledger,
      { sentAt: '2026-01-01T00:00:00Z', endpoint, via: 'http', confirmed: true },
      ...before,
    )
    const ids = new Set(Array.from({ length: 1000 }, () => leaveMark(home, 1)))
    const begun = performance.now()
    sweepMarks(paths)
    expect(performance.now() - begun).toBeLessThan(3000)
    expect(new Set(idsIn(paths.ledger).filter(Boolean))).toEqual(ids)
    expect(readLedger(paths.ledger)).toHaveLength(2000)
    expect(namesIn(path.dirname(paths.ledger))).toEqual(['sent.ndjson'])
  })
})
