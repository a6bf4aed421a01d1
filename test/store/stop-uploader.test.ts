import { spawn } from 'node:child_process'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { fillQueue, queueContent } from '../support/events.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { isRunning } from '../support/processes.ts'
import { cli, executable } from '../support/run.ts'
import { cleanUpLater, faultHome } from '../faults/stage.ts'

describe('disable, while the upload lock names a living process', () => {
  const strangersLock = () => {
    const home = faultHome()
    fillQueue(home, 2)
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    })
    cleanUpLater(() => stranger.kill('SIGKILL'))
    const { pid = 0 } = stranger
    home.write(path.join(home.state, '.lock'), `{"pid":${pid},"born":null}\n`)
    return { home, pid }
  }

  it('does not kill it if the lock does not contain its start time', async () => {
    const { home, pid } = strangersLock()
    const { code, err } = await cli(home, ['disable'])
    expect(err).toMatch(/could not be stopped/)
    expect(code).toBe(1)
    expect(isRunning(pid)).toBe(true)
    expect(queueContent(home)).toEqual({})
  })

  it.skipIf(executable !== undefined).each([[[]], [['--forget']]])(
    'says that it goes on where the settings cannot be changed either: %j',
    async (flags) => {
      const { home } = strangersLock()
      home.write(home.clientId, `${crypto.randomUUID()}\n`)
      const env = { ...withFsFaults(home, { fail: /(create|rename) .*\.config/ }), CI: '1' }
      const { code, err } = await cli(home, ['disable', ...flags], { env })
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringContaining('is off anyway'),
      })
      expect(err).toContain('What was being sent may still be leaving this machine.')
      expect(home.has(home.clientId)).toBe(true)
    },
  )
})
