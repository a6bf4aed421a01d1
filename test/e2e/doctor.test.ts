import { describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { fillQueue } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { findMounter } from '../support/mounts.ts'
import { ownPorts } from '../support/ports.ts'
import { cli, cliCommand, run } from '../support/run.ts'

interface Checks {
  readonly checks: readonly {
    readonly id: string
    readonly status: string
    readonly message: string
    readonly hint: string | null
  }[]
}

function sendTo(home: Home, url: string): void {
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${url}"\n`)
}

async function endpointCheck(home: Home) {
  const { code, out, err } = await cli(home, ['doctor', '--online', '--json'])
  expect(err).toBe('')
  const { checks } = JSON.parse(out) as Checks
  return { code, check: checks.find(({ id }) => id === 'endpoint') }
}

describe.concurrent('doctor --online', () => {
  it.each([
    [204, 'ok', 'the collector answered 204'],
    [400, 'ok', 'the collector answered 400'],
    [401, 'ok', 'the collector answered 401'],
    [302, 'fault', 'the collector answered 302'],
    [404, 'fault', 'the collector answered 404'],
    [503, 'fault', 'the collector answered 503'],
  ])('calls an answer of %i %s', async (status, verdict, words) => {
    const collector = await startCollector({ answer: status })
    const home = tempHome()
    sendTo(home, collector.url)
    const { code, check } = await endpointCheck(home)
    await collector.stop()
    expect(check?.status).toBe(verdict)
    expect(check?.message).toContain(words)
    expect(code).toBe(verdict === 'ok' ? 0 : 1)
  })

  it('posts nothing: no event, no id and no key', async () => {
    const collector = await startCollector({ answer: 401 })
    const home = tempHome()
    sendTo(home, collector.url)
    fillQueue(home, 2)
    await endpointCheck(home)
    await collector.stop()
    expect(collector.events.map(({ text }) => text)).toEqual([''])
    expect(collector.events[0]?.headers).not.toHaveProperty('x-telemetry-key')
  })

  it('says what to do if nothing listens there', async () => {
    const home = tempHome()
    const [port] = await ownPorts(1)
    sendTo(home, `http://127.0.0.1:${port}/t`)
    const { code, check } = await endpointCheck(home)
    expect(code).toBe(1)
    expect(check).toMatchObject({ status: 'fault', hint: 'Nothing listens there.' })
    expect(check?.message).toContain('(refused)')
  })

  it('is the only form that connects to anything', async () => {
    const collector = await startCollector()
    const home = tempHome()
    sendTo(home, collector.url)
    fillQueue(home, 2)
    const { code } = await cli(home, ['doctor'])
    await collector.stop()
    expect([code, collector.connections]).toEqual([0, 0])
  })
})

describe.concurrent('doctor says what really keeps a file from being written', () => {
  const hintsIn = (out: string) =>
    (JSON.parse(out) as Checks).checks
      .filter(({ message }) => message.endsWith(' cannot be written.'))
      .map(({ hint }) => hint)

  const mounter = findMounter()
  it.skipIf(mounter === undefined)('where the file system is read-only', async () => {
    const home = tempHome()
    const before = 'mount --bind "$HOME" "$HOME"; mount -o remount,bind,ro "$HOME"'
    const [first = '', ...rest] =
      mounter?.({ before, after: 'umount "$HOME"' }, [...cliCommand, 'doctor', '--json']) ?? []
    const { code, out } = await run(first, rest, home)
    expect(code).toBe(1)
    expect(hintsIn(out)).toEqual(Array(3).fill('Its file system is read-only.'))
  })

  it('where a file is in the place of a folder', async () => {
    const home = tempHome()
    home.write('.cache', '')
    const { code, out } = await cli(home, ['doctor', '--json'])
    expect(code).toBe(1)
    expect(hintsIn(out)).toEqual([
      '~/.cache is not a folder: remove it, or put a folder in its place.',
    ])
  })
})
