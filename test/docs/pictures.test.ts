import { spawnSync } from 'node:child_process'
import path from 'node:path'

import { expect, it } from 'vitest'

import { root } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'

// The pictures show the platform and sizes of the machine on which they are taken.
const isSameMachine = process.platform === 'linux' && process.arch === 'x64'

it.skipIf(!isSameMachine || !requireTool('script'))(
  'the pictures in the README show what status and view show now',
  () => {
    const script = path.join(root, 'scripts/pictures.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], {
      encoding: 'utf8',
    })
    expect(stdout + stderr).toBe('')
    expect(status).toBe(0)
  },
)
