import { describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { fillQueue } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { type Home, tempHome } from '../support/home.ts'
import { ownPorts } from '../support/ports.ts'
import { cli, cliJson, executable } from '../support/run.ts'

function sendTo(home: Home, url: string): void {
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${url}"\n`)
}

describe.concurrent('upload', () => {
  it('says that nothing is waiting', async () => {
    expect(await cli(tempHome(), ['upload'])).toMatchObject({
      code: 0,
      out: 'Nothing is waiting to be sent.\n',
      err: '',
    })
  })

  it('says which collector could not be reached, what is kept, and when it is tried again', async () => {
    const home = tempHome()
    const [port] = await ownPorts(1)
    const host = `127.0.0.1:${port}`
    sendTo(home, `http://${host}/t`)
    fillQueue(home, 3)
    const { code, out } = await cli(home, ['upload'])
    expect(code).toBe(1)
    expect(out).toContain(`Could not reach ${host} (connection refused).\n`)
    expect(out).toMatch(
      /3 events kept; next try in about \d+ (second|minute)s? at the earliest, when RunMat runs\.\n$/,
    )
  })

  it.each([500, 410])(
    'says nothing of a new address for what the old one answered (%s)',
    async (answer) => {
      const home = tempHome()
      const collector = await startCollector({ answer })
      sendTo(home, collector.url)
      fillQueue(home, 1)
      await cli(home, ['upload'])
      const last_result = `the collector answered ${answer}`
      expect(await cliJson(home, ['status'])).toMatchObject({ uploader: { last_result } })
      const [port] = await ownPorts(1)
      sendTo(home, `http://127.0.0.1:${port}/t`)
      const { out } = await cli(home, ['status'])
      expect(out).not.toContain(`(${answer})`)
      expect(out).not.toContain('Last attempt')
      await collector.stop()
    },
  )

  it('names no next attempt once telemetry is off', async () => {
    const home = tempHome()
    const [port] = await ownPorts(1)
    sendTo(home, `http://127.0.0.1:${port}/t`)
    fillQueue(home, 1)
    const before = await cli(home, ['upload', '--json'])
    expect(JSON.parse(before.out)).toMatchObject({ next_attempt: expect.any(String) })
    const env = { RUNMAT_NO_TELEMETRY: '1' }
    const { out, code } = await cli(home, ['upload', '--json'], { env })
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      kept: 1,
      reason: 'off (RUNMAT_NO_TELEMETRY)',
      next_attempt: null,
    })
    expect(await cliJson(home, ['status'], { env })).toMatchObject({
      uploader: { last_result: 'failed: refused', next_attempt: null },
    })
  })

  it.skipIf(executable !== undefined)(
    'does not say that nothing was sent because the settings could not be read at first',
    async () => {
      const home = tempHome()
      const collector = await startCollector()
      sendTo(home, collector.url)
      fillQueue(home, 2)
      const env = withFsFaults(home, { fail: /^open .*config\.toml$/, times: 1 })
      expect(await cli(home, ['upload'], { env })).toMatchObject({ out: 'Delivered 2 events.\n' })
      await collector.stop()
    },
  )

  it.skipIf(executable !== undefined)(
    'names the place that has no room, and what is kept',
    async () => {
      const home = tempHome()
      fillQueue(home, 2)
      const env = withFsFaults(home, { fail: /^(create|link) .*lock/ })
      expect(await cli(home, ['upload'], { env })).toMatchObject({
        code: 1,
        out: '',
        err:
          'runmat-telemetry: Cannot write ~/.cache/runmat/telemetry/.lock: the disk is full.\n' +
          '2 events kept. Make room there, then try again.\n',
      })
    },
  )

  it.skipIf(executable !== undefined)(
    'does not say that nothing is waiting where that can’t be seen',
    async () => {
      const home = tempHome()
      fillQueue(home, 2)
      const env = withFsFaults(home, { fail: /^list .*queue$/ })
      const { code, out, err } = await cli(home, ['upload'], { env })
      expect({ code, out }).toEqual({ code: 1, out: '' })
      const printed = await cli(home, ['print', '--queued'], { env })
      expect(printed).toMatchObject({ code: 1, out: '' })
      expect(printed.err).toContain('so nobody knows what is waiting.')
      expect((await cli(home, ['status'], { env })).out).toContain("queue can't be listed")
      expect(err).toContain(
        "Nothing was sent: ~/.cache/runmat/telemetry/queue can't be listed (the disk is full)",
      )
    },
  )

  it.each([
    [401, 'does not accept the ingestion key (401). Check RUNMAT_TELEMETRY_KEY.'],
    [404, 'has no collector at this address (404)'],
    [413, 'says the event is too large (413)'],
    [202, 'does not confirm them (202)'],
    [302, 'redirect (302)'],
    [500, 'reported an internal error (500)'],
    [503, 'is temporarily unavailable (503)'],
  ])('explains an answer of %i', async (status, words) => {
    const collector = await startCollector({ answer: status })
    const home = tempHome()
    sendTo(home, collector.url)
    fillQueue(home, 1)
    const { code, out } = await cli(home, ['upload'])
    await collector.stop()
    expect(code).toBe(1)
    expect(out).toContain(words)
    expect(out).toContain('1 event kept')
  })

  it('says which rule keeps telemetry off', async () => {
    const home = tempHome()
    fillQueue(home, 2)
    const { code, out } = await cli(home, ['upload'], { env: { DO_NOT_TRACK: '1' } })
    expect(code).toBe(1)
    expect(out).toContain('RunMat telemetry is off. DO_NOT_TRACK=1 is set in the environment.')
    expect(out).toContain('Nothing was sent. 2 events kept.')
  })
})
