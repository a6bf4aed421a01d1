import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, rmSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { fillQueue, makeEvent, queueContent } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { tempHome } from '../support/home.ts'
import { cli, cliCommand, executable } from '../support/run.ts'
import { textOf } from '../view/stage.ts'

describe.skipIf(executable !== undefined).concurrent('a file that can’t be read now', () => {
  const line = (sequence: number): string => {
    const { bytes } = makeEvent(sequence)
    return `{"sent_at":"2026-01-01T00:00:00Z","endpoint":"http://a.test/t","event":${bytes}}\n`
  }

  /** A home with an id, a waiting event and one that was sent. */
  const used = () => {
    const home = tempHome()
    home.write(home.clientId, '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7')
    const [event] = fillQueue(home, 1)
    const ledger = home.write('.cache/runmat/telemetry/sent.ndjson', line(2))
    const without = (fail: RegExp, ...args: string[]) =>
      cli(home, args, { env: withFsFaults(home, { fail }) })
    return { home, ledger, id: event?.id ?? '', without }
  }

  it('is not called empty or missing by status', async () => {
    const { without } = used()
    const { out } = await without(/^(open .*(telemetry_id|ndjson)|list .*queue)$/, 'status')
    for (const name of ['Client id', 'Waiting', 'Sent']) {
      expect(out).toContain(`${name}: unknown at this moment\n`)
    }
  })

  it('is not called empty or missing by the page of view', async () => {
    const { home, without } = used()
    const fail = /^(open .*(telemetry_id|ndjson|stats\.json)|list .*queue)$/
    await without(fail, 'view', '--export', 'page.html')
    const page = textOf(home.read('page.html')).replaceAll(/\s+/g, ' ')
    for (const sentence of [
      'What is waiting is unknown at this moment An event that is recorded now would have',
      'What was sent is unknown at this moment',
      'What is counted on this machine That is unknown at this moment.',
      'Client id unknown at this moment',
    ]) {
      expect(page).toContain(sentence)
    }
  })

  it('does not make doctor call the queue empty, or status the notice unseen', async () => {
    const { without } = used()
    const { code, out } = await without(/^list .*queue$/, 'doctor')
    expect(code).toBe(1)
    expect(out).toMatch(/^fault: .*queue can't be listed \(the disk is full\)/m)
    const status = await without(/^open .*stats\.json$/, 'status')
    expect(status.out).toContain('Waiting: 1 event')
    expect(status.out).not.toContain('notice')
  })

  it('is not left out by print --queued, nor called missing by print with an id', async () => {
    const { home, id, without } = used()
    const unread = "1 file in the queue can't be read at this moment, and may be sent later."
    const fail = /^open .*queue.*json$/
    expect(await without(fail, 'print', '--queued')).toMatchObject({ out: '', err: `${unread}\n` })
    const one = await without(fail, 'print', id)
    expect(one).toMatchObject({ code: 1, out: '', err: `runmat-telemetry: ${unread}\n` })
    expect(Object.keys(queueContent(home))).toHaveLength(1)
  })

  it('is no missing client id for print', async () => {
    const { err } = await used().without(/^open .*telemetry_id$/, 'print')
    expect(err).toBe("The client id can't be read at this moment: zeros stand in its place.\n")
  })

  it('is no proof for log that nothing was sent', async () => {
    const { without } = used()
    const { code, out, err } = await without(/^open .*ndjson$/, 'log')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain("can't be read (the disk reported an error), so nobody knows what was")
  })

  it('keeps disable --forget from removing what it has to tell before', async () => {
    const { home, without } = used()
    for (const name of ['telemetry_id', 'sent.ndjson']) {
      const { code, out, err } = await without(
        new RegExp(`^open .*${name}$`),
        'disable',
        '--forget',
      )
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(
        new RegExp(`Telemetry is off, but nothing else was removed: ~/.*${name} can't be read at`),
      )
      expect(home.has(home.clientId)).toBe(true)
    }
    const { out } = await cli(home, ['disable', '--forget'])
    expect(out).toContain('9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7')
  })

  it('lets record queue no event of a run that may have been sent', async () => {
    const { home } = used()
    home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:9/t"\n')
    const input = JSON.stringify({
      event_label: 'runtime.run.finished',
      session_id: '9e2a9d9f-4e37-4090-a1fb-96cb2c6f9f3a',
      run_kind: 'script',
      payload: { duration_us: 4412, success: true },
    })
    for (const fail of [/^open .*ndjson$/, /^list .*queue$/]) {
      const env = withFsFaults(home, { fail })
      const ended = await cli(home, ['record', 'runtime'], { env, input })
      expect(ended).toMatchObject({ code: 1, out: '' })
      expect(ended.err).toContain('so nobody knows what')
      expect(Object.values(queueContent(home)).join()).not.toContain('runtime.run')
    }
  })

  it('makes log --follow show no event again, and none late', async () => {
    const { home, ledger } = used()
    const during = home.at('during')
    const child = spawn(cliCommand[0], [...cliCommand.slice(1), 'log', '--follow', '--json'], {
      env: { ...home.env, ...withFsFaults(home, { fail: /^open .*ndjson$/, during }) },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let seen = ''
    child.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)))
    const shown = () =>
      [...seen.matchAll(/"sequence":(\d+)/g)].map(([, sequence]) => Number(sequence))
    await eventually(() => expect(shown()).toEqual([2]))
    home.write(during, '')
    appendFileSync(ledger, line(3))
    await eventually(() => expect(home.has(`${during}.met`)).toBe(true))
    rmSync(during)
    await eventually(() => expect(shown()).toEqual([2, 3]))
    appendFileSync(ledger, line(4))
    await eventually(() => expect(shown()).toEqual([2, 3, 4]))
    child.kill('SIGINT')
    await once(child, 'close')
  })
})
