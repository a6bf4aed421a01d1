import { chmodSync } from 'node:fs'
import path from 'node:path'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { openInBrowser } from '../../src/cli/view/browser.ts'
import { eventually } from '../support/eventually.ts'
import { tempHome } from '../support/home.ts'
import { environmentIn } from '../support/in-process.ts'

const url = 'http://127.0.0.1:1/?token=abc'
const ssh = '192.0.2.1 50000 192.0.2.2 22'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.skipIf(process.platform !== 'linux')('on Linux, a browser', () => {
  it.each([
    { DISPLAY: ':0' },
    { WAYLAND_DISPLAY: 'wayland-0' },
    { DISPLAY: '', WAYLAND_DISPLAY: 'wayland-0' },
  ])('opens with %j', async (env) => {
    const home = tempHome()
    const opened = home.at('opened')
    const program = `#!/bin/sh\nprintf %s "$1" > '${opened}.new' && mv '${opened}.new' '${opened}'\n`
    const opener = home.write('bin/xdg-open', program)
    chmodSync(opener, 0o755)
    vi.stubEnv('PATH', `${path.dirname(opener)}:${process.env['PATH']}`)
    expect(await openInBrowser(url, environmentIn(home.path, { env }))).toBe(true)
    await eventually(() => expect(home.read('opened')).toBe(url))
  })

  it.each([
    {},
    { DISPLAY: '', WAYLAND_DISPLAY: '' },
    { DISPLAY: ':0', SSH_CONNECTION: ssh },
    { WAYLAND_DISPLAY: 'wayland-0', SSH_CONNECTION: ssh },
  ])('does not open with %j', async (env) => {
    expect(await openInBrowser(url, environmentIn(tempHome().path, { env }))).toBe(false)
  })

  it('that cannot be started is not said to be open', async () => {
    const home = tempHome()
    vi.stubEnv('PATH', home.path)
    const env = { DISPLAY: ':0' }
    expect(await openInBrowser(url, environmentIn(home.path, { env }))).toBe(false)
  })
})
