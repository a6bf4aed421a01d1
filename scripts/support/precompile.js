import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const program = path.join(import.meta.dirname, '../precompile.cjs')

/**
 * Saves the CLI as compiled by the V8 of the given Node in dist/. Uses a temporary home, because on the
 * way the CLI opts out and deletes the queue.
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
