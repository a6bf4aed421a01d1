import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { buildPrograms } from './programs.ts'

/** Builds what the tests run, and fails the suite if anything tried to leave this machine. */
export default async function setup(): Promise<() => void> {
  const { RUNMAT_TELEMETRY_KEY: _, ...env } = process.env
  // CI builds once for all its passes.
  if (!env['TEST_IS_BUILT']) {
    execFileSync(process.execPath, ['scripts/build.js'], { stdio: 'inherit', env })
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'telemetry-suite-'))
  process.env['TEST_TRIPWIRE'] = path.join(folder, 'tripwire')
  process.env['TEST_PROGRAMS'] = path.join(folder, 'programs')
  await buildPrograms(process.env['TEST_PROGRAMS'])
  return () => {
    const tripwire = path.join(folder, 'tripwire')
    const strays = existsSync(tripwire) ? readFileSync(tripwire, 'utf8') : ''
    rmSync(folder, { recursive: true, force: true })
    if (strays !== '') throw new Error(`Something tried to reach another machine:\n${strays}`)
  }
}
