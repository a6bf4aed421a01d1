import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { type Home, tempHome } from '../support/home.ts'
import { ownPorts } from '../support/ports.ts'
import { cli, cliCommand, cliJson } from '../support/run.ts'

const usage = JSON.stringify({ subcommand: 'run', outcome: 'success', version: '0.6.1' })

interface Entry {
  readonly endpoint: string
  readonly event: object
  readonly confirmed: boolean
}

/** A home from which some events were sent, to a collector that is gone by now. */
async function sentFrom(home: Home): Promise<string> {
  const collector = await startCollector()
  await cli(home, ['endpoint', collector.url])
  await cli(home, ['record', 'usage'], { input: usage })
  await cli(home, ['upload'])
  await collector.stop()
  return new URL(collector.url).host
}

describe.concurrent('log', () => {
  it('shows one line per event: what, when, where to and the answer', async () => {
    const home = tempHome()
    const host = await sentFrom(home)
    const { out } = await cli(home, ['log'])
    const lines = out.trim().split('\n')
    expect(lines.length).toBe((await cliJson<unknown[]>(home, ['log'])).length + 1)
    expect(out).toMatch(
      new RegExp(`first_successful_run  (just now|\\d+ seconds? ago)  to ${host}`),
    )
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/  confirmed \(204\)$/)
  })

  it.each([503, 200, 301, 410, 'reset'] as const)(
    'shows what left and was not confirmed, once for each address (%s)',
    async (answer) => {
      const home = tempHome()
      const first = await startCollector({ answer })
      const second = await startCollector()
      await cli(home, ['endpoint', first.url])
      await cli(home, ['record', 'usage'], { input: usage })
      for (let round = 0; round < 3; round += 1) await cli(home, ['upload'])
      const arrived = [...new Set(first.events.map(({ text }) => text))]
      expect(arrived).not.toEqual([])
      const onRecord = async (url: string, confirmed: boolean) =>
        (await cliJson<Entry[]>(home, ['log']))
          .filter((one) => one.endpoint === url && one.confirmed === confirmed)
          .map((one) => JSON.stringify(one.event))
          .toSorted()
      expect(await onRecord(first.url, false)).toEqual(arrived.toSorted())
      expect((await cli(home, ['log'])).out).toContain('not confirmed')
      expect((await cli(home, ['status'])).out).toMatch(/Sent: \d+ events? \(not confirmed\)/)
      await cli(home, ['endpoint', second.url, '--keep-queue'])
      await cli(home, ['upload'])
      const all = second.events.map(({ text }) => text).toSorted()
      expect(await onRecord(second.url, true)).toEqual(all)
      expect(await onRecord(first.url, false)).toEqual(arrived.toSorted())
      await Promise.all([first.stop(), second.stop()])
    },
  )

  it('shows only the confirmation of what was tried before at the same address', async () => {
    const home = tempHome()
    const collector = await startCollector({ answer: 503 })
    await cli(home, ['endpoint', collector.url])
    await cli(home, ['record', 'usage'], { input: usage })
    await cli(home, ['upload'])
    collector.setAnswer(204)
    await cli(home, ['upload'])
    await collector.stop()
    const sent = await cliJson<Entry[]>(home, ['log'])
    expect(sent).toEqual(sent.map((one) => ({ ...one, confirmed: true })))
    const { sent: count } = await cliJson(home, ['status'])
    expect(count).toMatchObject({ events: sent.length, unconfirmed: 0 })
  })

  it('shows nothing of what never left', async () => {
    const home = tempHome()
    const [port] = await ownPorts(1)
    await cli(home, ['endpoint', `http://127.0.0.1:${port}/t`])
    await cli(home, ['record', 'usage'], { input: usage })
    expect((await cli(home, ['upload'])).code).toBe(1)
    expect(await cliJson(home, ['log'])).toEqual([])
  })

  it('shows the bytes with --full, and a number of events with -n', async () => {
    const home = tempHome()
    await sentFrom(home)
    const all = await cliJson<{ event: object }[]>(home, ['log'])
    const { out } = await cli(home, ['log', '--full', '-n', '2'])
    const bytes = out.split('\n').filter((line) => line.startsWith('{'))
    expect(bytes).toEqual(all.slice(0, 2).map(({ event }) => JSON.stringify(event)))
    expect(await cliJson(home, ['log', '-n', '1'])).toEqual(all.slice(0, 1))
    for (const wrong of ['x', '-1', '1.5']) {
      const ended = await cli(home, ['log', `-n${wrong}`])
      expect(ended).toMatchObject({ code: 2, out: '' })
      expect(ended.err).toContain(wrong)
    }
  })

  it('shows events as they are sent until it is interrupted', async () => {
    const home = tempHome()
    await sentFrom(home)
    const [program, ...before] = cliCommand
    const child = spawn(program, [...before, 'log', '--follow', '--json', '-n', '0'], {
      env: home.env,
      cwd: home.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let seen = ''
    child.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)))
    const collector = await startCollector()
    await cli(home, ['endpoint', collector.url])
    await eventually(async () => {
      await cli(home, ['record', 'install'], {
        input: JSON.stringify({ event_label: 'install_start', method: 'shell' }),
      })
      await cli(home, ['upload'])
      expect(seen).toContain('"install_start"')
    })
    for (const line of seen.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([0, null])
    await collector.stop()
  })

  it('follows a post once, unless its answer takes long', async () => {
    const home = tempHome()
    const collector = await startCollector({ answer: { status: 204, afterMs: 700 } })
    await cli(home, ['endpoint', collector.url])
    await cli(home, ['record', 'usage'], { input: usage })
    const [program, ...before] = cliCommand
    const child = spawn(program, [...before, 'log', '--follow', '--json', '-n', '0'], {
      env: home.env,
      cwd: home.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const told: boolean[] = []
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of String(chunk).trim().split('\n')) {
        told.push((JSON.parse(line) as { confirmed: boolean }).confirmed)
      }
    })
    const { delivered } = await cliJson<{ delivered: number }>(home, ['upload'])
    const answered = Array.from({ length: delivered }, () => true)
    await eventually(() => expect(told).toEqual(answered))
    collector.setAnswer(500)
    await cli(home, ['record', 'install'], {
      input: JSON.stringify({ event_label: 'install_start', method: 'shell' }),
    })
    await cli(home, ['upload'])
    await eventually(() => expect(told).toEqual([...answered, false]))
    child.kill('SIGINT')
    await once(child, 'close')
    await collector.stop()
  })

  it('follows no longer than somebody reads', async () => {
    const home = tempHome()
    const collector = await startCollector()
    await cli(home, ['endpoint', collector.url])
    const [program, ...before] = cliCommand
    const child = spawn(program, [...before, 'log', '--follow'], {
      env: home.env,
      cwd: home.path,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = once(child, 'exit')
    await once(child.stderr, 'data')
    child.stdout.destroy()
    await cli(home, ['record', 'usage'], { input: usage })
    await cli(home, ['upload'])
    expect(await ended).toEqual([0, null])
    await collector.stop()
  })
})
