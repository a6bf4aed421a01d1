import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const program = path.join(import.meta.dirname, '../precompile.cjs')

/**
 * Leaves what the V8 of some Node makes of the CLI in dist/. In a home of its own: on the way the
 * CLI says no, and wipes the queue.
 */
export function precompile(node) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'telemetry-build-'))
  const { SystemRoot } = process.env
  const env = {
    HOME: home,
    USERPROFILE: home,
    LOCALAPPDATA: home,
    RUNMAT_TELEMETRY_KEY: 'key-of-the-build',
    // As in a terminal.
    FORCE_COLOR: '1',
    ...(SystemRoot && { SystemRoot }),
  }
  const input = JSON.stringify({ subcommand: 'run', outcome: 'success', version: '0.0.0' })
  try {
    execFileSync(node, [program], { cwd: home, env, input, stdio: 'pipe' })
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
