import { spawn } from 'node:child_process'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { fillQueue, queueContent } from '../support/events.ts'
import { isRunning } from '../support/processes.ts'
import { cli } from '../support/run.ts'
import { cleanUpLater, faultHome } from '../faults/stage.ts'

describe('disable, while the upload lock names a living process', () => {
  it('does not kill it if the lock does not contain its start time', async () => {
    const home = faultHome()
    fillQueue(home, 2)
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    })
    cleanUpLater(() => stranger.kill('SIGKILL'))
    const { pid = 0 } = stranger
    home.write(path.join(home.state, '.lock'), `{"pid":${pid},"born":null}\n`)
    const { code, err } = await cli(home, ['disable'])
    expect(err).toMatch(/could not be stopped/)
    expect(code).toBe(1)
    expect(isRunning(pid)).toBe(true)
    expect(queueContent(home)).toEqual({})
  })
})
