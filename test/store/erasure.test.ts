import { randomUUID } from 'node:crypto'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { tempHome } from '../support/home.ts'
import { launcher, run } from '../support/run.ts'

describe('two `forget` at once', () => {
  it.each([
    ['has yet to note the request', /create .*erase\.json/],
    ['is about to list what to remove', /list .*\/telemetry$/],
    ['is about to remove a file', /remove .*sent\.ndjson$/],
  ])('both succeed if the slow one %s when the other ends', async (_, call) => {
    const home = tempHome()
    const collector = await startCollector({ answer: 204 })
    home.write(home.clientId, `${randomUUID()}\n`)
    home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
    home.write(path.join(home.state, 'sent.ndjson'), '')
    const go = home.at('go')
    const forget = (env = {}) => run(process.execPath, [launcher, 'forget', '--yes'], home, { env })
    const slow = forget(withFsFaults(home, { hold: { call, go } }))
    await eventually(() => expect(home.has('go.held')).toBe(true))
    expect(await forget()).toMatchObject({ code: 0, err: '' })
    expect(home.has(home.state)).toBe(false)
    home.write('go', '')
    expect(await slow).toMatchObject({ code: 0, err: '' })
    expect(home.has(home.state) || home.has(home.clientId)).toBe(false)
    await collector.stop()
  })
})
