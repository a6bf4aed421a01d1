import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { describe, expect, it } from 'vitest'

import { executable, root } from './support/run.ts'
import { requireTool } from './support/tools.ts'

/** Debian has Wine for these processors only. WINDOWS_NODE is a node.exe, which npm has. */
function findWine(): boolean {
  if (process.arch !== 'x64' || !requireTool('wine')) return false
  if (process.env['WINDOWS_NODE']) return true
  if (process.env['REQUIRE_TOOLS'] === '1') throw new Error('WINDOWS_NODE is not set')
  console.warn('WINDOWS_NODE is not set: the test under Wine is skipped')
  return false
}

const programs = executable === undefined ? ['package'] : ['package', 'executable']
const minutes = 60_000

describe.skipIf(!findWine())('under Wine, with Node for Windows', () => {
  it(`the smoke test holds for ${programs.join(' and ')}`, { timeout: 8 * minutes }, async () => {
    const { stdout } = await promisify(execFile)('scripts/wine.sh', programs, { cwd: root })
    expect(stdout.match(/^works: /gm)).toHaveLength(programs.length)
  })
})
