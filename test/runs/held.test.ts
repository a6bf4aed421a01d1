import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { collectorFor, library, type Stage, uploaderCommand, uploaderEnv } from '../faults/stage.ts'
import { fillQueue, namesIn, queueContent, queueFolder } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import type { Home } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { cli, cliCommand, cliJson, run } from '../support/run.ts'
import type { Play } from '../programs/runner.ts'
import { host, runStage } from './stage.ts'

/** A host that has recorded a run, and ends when it is told to. */
async function running(home: Home, more = {}): Promise<{ readonly end: () => Promise<void> }> {
  const play: Play = { library, end: 'close when told' }
  const env = { ...home.env, ...more }
  const child = spawn(process.execPath, [program('runner'), JSON.stringify(play)], { env })
  await once(child.stdout, 'data')
  return {
    end: async () => {
      child.stdin.end()
      expect(await once(child, 'close')).toEqual([0, null])
    },
  }
}

const waiting = ({ home }: Stage) => Object.keys(queueContent(home)).length

describe.concurrent('the events of a run under way', () => {
  const commands = async (made: Stage, lines: readonly string[]): Promise<number> => {
    const { home } = made
    const { end } = await running(home)
    for (const line of lines) expect((await cli(home, line.split(' '))).code).toBe(0)
    await end()
    await nothingRuns(home)
    return waiting(made)
  }
  const refusing = () => runStage({ answer: 500 })
  const other = 'http://127.0.0.1:9/v1/t'

  it('are queued at the end if they could not be sent', async () => {
    expect(await commands(await refusing(), [])).toBe(2)
  })

  it.each([
    ['disable', 'enable'],
    ['disable --forget', 'enable'],
    ['local', 'endpoint --reset'],
    [`endpoint ${other}`],
    [`endpoint ${other}`, 'endpoint --reset'],
  ])('are deleted with the queue, whatever comes later: %s, %s', async (...lines) => {
    expect(await commands(await refusing(), lines)).toBe(0)
  })

  it('are deleted even if the cache is deleted by hand meanwhile', async () => {
    const made = await refusing()
    const { end } = await running(made.home)
    await made.collector.received(1)
    await expect.poll(() => namesIn(`${made.home.state}/senders`)).toEqual([])
    rmSync(made.home.at('.cache'), { recursive: true })
    for (const command of ['disable', 'enable']) await cli(made.home, [command])
    await end()
    await nothingRuns(made.home)
    expect(waiting(made)).toBe(0)
  })

  it('are deleted even if something is in the way of what says so', async () => {
    const made = await refusing()
    made.home.write(`${made.home.state}/wiped/in the way`, '')
    expect(await commands(made, ['disable', 'enable'])).toBe(0)
  })

  it('are deleted even if they are being queued at that moment', async () => {
    const made = await refusing()
    const { home } = made
    const go = home.at('go')
    const call = /^create .*queue\/.*tmp/
    const { end } = await running(home, withFsFaults(home, { hold: { call, go } }))
    const ended = end()
    await expect.poll(() => home.has(`${go}.held`)).toBe(true)
    for (const command of ['disable', 'enable']) await cli(home, [command])
    home.write(go, '')
    await ended
    await nothingRuns(home)
    expect(waiting(made)).toBe(0)
  })

  it('do not go to a new address while that is still waiting for an installer', async () => {
    const made = await refusing()
    const { home } = made
    const next = await collectorFor()
    const { end } = await running(home)
    await made.collector.received(1)
    await expect.poll(() => namesIn(`${home.state}/senders`)).toEqual([])
    home.write(`${home.state}/leaving-${crypto.randomUUID()}.tmp`, '')
    const moving = cli(home, ['endpoint', next.url])
    await expect.poll(() => home.read(home.settings)).toContain(next.url)
    await end()
    expect((await moving).code).toBe(0)
    await nothingRuns(home)
    expect(next.requests).toBe(0)
    expect(waiting(made)).toBe(0)
  })

  it('go to a new address if that was asked for', async () => {
    expect(await commands(await refusing(), [`endpoint ${other} --keep-queue`])).toBe(2)
  })

  it('are queued if they are recorded after that', async () => {
    const made = await refusing()
    const { end } = await running(made.home)
    for (const command of ['disable', 'enable']) await cli(made.home, [command])
    const later = await running(made.home)
    await end()
    await later.end()
    await nothingRuns(made.home)
    expect(waiting(made)).toBe(2)
  })
})

describe.concurrent('what left is on record', () => {
  interface Sent {
    readonly event: { readonly uuid?: string; readonly event_id?: string }
    readonly confirmed: boolean
  }
  const onRecord = async ({ home, collector }: Stage) => {
    const sent = await cliJson<readonly Sent[]>(home, ['log'])
    const idIn = ({ uuid, event_id: id }: Sent['event']) => uuid ?? id
    const arrived = collector.events.map(({ json }) => idIn(json as Sent['event']))
    const known = new Set(sent.map(({ event }) => idIn(event)))
    return {
      arrived: arrived.length,
      missing: arrived.filter((id) => !known.has(id)),
      confirmed: sent.filter(({ confirmed }) => confirmed).length,
    }
  }

  /** An uploader that has sent three events and waits for the answers. */
  const postingUploader = async () => {
    const made = await runStage({ answer: { hang: 'before headers' } })
    fillQueue(made.home, 3)
    const [command, ...args] = uploaderCommand
    const child = spawn(command, args, {
      env: { ...made.home.env, ...uploaderEnv },
      stdio: 'ignore',
    })
    await made.collector.received(3)
    return { made, child }
  }

  it('although the host was killed before an answer', async () => {
    const made = await runStage({ answer: { hang: 'before headers' } })
    const child = spawn(
      process.execPath,
      [program('runner'), JSON.stringify({ library, end: 'close when told' } satisfies Play)],
      { env: made.home.env, stdio: ['pipe', 'ignore', 'inherit'] },
    )
    await made.collector.received(2)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(await onRecord(made)).toEqual({ arrived: 2, missing: [], confirmed: 0 })
  })

  it('although the uploader was killed before an answer', async () => {
    const { made, child } = await postingUploader()
    child.kill('SIGKILL')
    await once(child, 'close')
    await cli(made.home, ['disable'])
    expect(await onRecord(made)).toEqual({ arrived: 3, missing: [], confirmed: 0 })
  })

  it('although the uploader was suspended before an answer, and disable had to end it', async () => {
    const { made, child } = await postingUploader()
    child.kill('SIGSTOP')
    const ended = once(child, 'close')
    expect((await cli(made.home, ['disable'])).code).toBe(0)
    await ended
    expect(await onRecord(made)).toEqual({ arrived: 3, missing: [], confirmed: 0 })
  })

  it('although its file had to make room in a full queue before the uploader was killed', async () => {
    const { made, child } = await postingUploader()
    const { home } = made
    for (const name of namesIn(queueFolder(home))) rmSync(path.join(queueFolder(home), name))
    child.kill('SIGKILL')
    await once(child, 'close')
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(await onRecord(made)).toEqual({ arrived: 3, missing: [], confirmed: 0 })
    expect(namesIn(home.state).filter((name) => name.startsWith('in-flight'))).toEqual([])
  })

  it('although disable could not end what sent it, and it was killed later', async () => {
    const made = await runStage({ answer: { hang: 'before headers' } })
    const { home, collector } = made
    fillQueue(home, 3)
    const [command, ...before] = cliCommand
    const child = spawn(command, [...before, 'upload'], { env: home.env, stdio: 'ignore' })
    await collector.received(3)
    child.kill('SIGSTOP')
    expect((await cli(home, ['disable'])).code).toBe(1)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(await onRecord(made)).toEqual({ arrived: 3, missing: [], confirmed: 0 })
  })

  it('although the record could not be written for a while, in which no more left', async () => {
    const made = await runStage()
    const { home, collector } = made
    fillQueue(home, 100)
    const ledger = `${home.state}/sent.ndjson`
    collector.setAnswer(() => {
      if (collector.requests === 1) mkdirSync(ledger)
      return 204
    })
    const { code, out } = await cli(home, ['upload'])
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('sent.ndjson') })
    expect(collector.requests).toBeLessThan(30)
    const left = 100 - collector.requests
    expect(Object.keys(queueContent(home))).toHaveLength(left)
    rmSync(ledger, { recursive: true })
    expect((await cli(home, ['disable'])).out).toContain(`${left} waiting events deleted`)
    expect(await onRecord(made)).toMatchObject({ arrived: 100 - left, missing: [] })
  })

  it('although the note of it could not be read at first', async () => {
    const { made, child } = await postingUploader()
    const { home, collector } = made
    child.kill('SIGKILL')
    await once(child, 'close')
    collector.setAnswer(204)
    const env = withFsFaults(home, { fail: /^open .*in-flight/, times: 2 })
    expect((await cli(home, ['upload'], { env })).code).toBe(1)
    expect(collector.requests).toBe(3)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(await onRecord(made)).toEqual({ arrived: 3, missing: [], confirmed: 0 })
  })

  it('and is erased with the rest, although its file was gone when the uploader was killed', async () => {
    const { made, child } = await postingUploader()
    const { home, collector } = made
    // Another id than that of the events.
    home.write(home.clientId, `${crypto.randomUUID()}\n`)
    for (const name of namesIn(queueFolder(home))) rmSync(path.join(queueFolder(home), name))
    child.kill('SIGKILL')
    await once(child, 'close')
    const ids = collector.events.map(({ json }) => (json as Sent['event']).event_id)
    collector.setAnswer(204)
    expect((await cli(home, ['forget', '--yes'])).code).toBe(0)
    const asked = collector.events
      .slice(3)
      .flatMap(({ text }) => ids.filter((id) => text.includes(id ?? '?')))
    expect(new Set(asked)).toEqual(new Set(ids))
  })

  it('once, however many were sent in one session', async () => {
    const made = await runStage()
    const { home, collector } = made
    fillQueue(home, 700)
    expect((await cli(home, ['upload'])).code).toBe(0)
    fillQueue(home, 3, 701)
    collector.setAnswer({ hang: 'before headers' })
    const [command, ...args] = uploaderCommand
    const env = { ...home.env, ...uploaderEnv }
    const child = spawn(command, args, { env, stdio: 'ignore' })
    await collector.received(703)
    child.kill('SIGKILL')
    await once(child, 'close')
    await cli(home, ['disable'])
    expect(await onRecord(made)).toEqual({ arrived: 703, missing: [], confirmed: 700 })
    expect(await cliJson<unknown[]>(home, ['log'])).toHaveLength(703)
  })

  it('or waits, if a folder has the place of the note of what is under way', async () => {
    const { home, collector } = await runStage()
    fillQueue(home, 3)
    mkdirSync(`${home.state}/in-flight.ndjson`)
    const { code, out } = await cli(home, ['upload'])
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('in-flight') })
    expect(collector.requests).toBe(0)
    expect(Object.keys(queueContent(home))).toHaveLength(3)
  })

  it.each([
    ['a folder', 'mkdir'],
    ['a pipe', 'mkfifo'],
  ])('or waits, if %s has the place of the record', async (_, make) => {
    const { home, collector } = await runStage()
    fillQueue(home, 3)
    expect((await run(make, [`${home.state}/sent.ndjson`], home)).code).toBe(0)
    const { code, out } = await cli(home, ['upload'])
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('sent.ndjson') })
    expect((await host(home, {})).code).toBe(0)
    await nothingRuns(home)
    expect(collector.requests).toBe(0)
    expect(Object.keys(queueContent(home))).toHaveLength(5)
  })

  it('or it does not leave', async () => {
    const { home, collector } = await runStage({}, 'drain_timeout_ms = 5000\n')
    home.write('other.txt', 'ours to read\n')
    const { symlinkSync } = await import('node:fs')
    symlinkSync(home.at('other.txt'), `${home.state}/sent.ndjson`)
    expect((await host(home, {})).code).toBe(0)
    expect(collector.requests).toBe(0)
    expect(home.read('other.txt')).toBe('ours to read\n')
    expect(Object.keys(queueContent(home))).toHaveLength(2)
  })
})
