import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { describe, expect, it } from 'vitest'

import { root } from './support/run.ts'
import { requireTool } from './support/tools.ts'

/** Debian has Wine for these processors only. WINDOWS_NODE is a node.exe, which npm has. */
function findWine(): boolean {
  if (process.arch !== 'x64' || !requireTool('wine')) return false
  if (process.env['WINDOWS_NODE']) return true
  if (process.env['REQUIRE_TOOLS'] === '1') throw new Error('WINDOWS_NODE is not set')
  console.warn('WINDOWS_NODE is not set: the test under Wine is skipped')
  return false
}

const minutes = 60_000

describe.skipIf(!findWine())('the package in Node for Windows, under Wine', () => {
  it('passes the smoke test', { timeout: 8 * minutes }, async () => {
    const smoke = promisify(execFile)('scripts/wine.sh', ['package'], { cwd: root })
    expect((await smoke).stdout).toContain('works: ')
  })
})
