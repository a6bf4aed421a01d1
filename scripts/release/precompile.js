// Adds V8's compiled form of the CLI for other versions of Node, the newest of each, from the npm
// registry: `node scripts/release/precompile.js 22 24`. The build made that of the current Node.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { precompile } from '../support/precompile.js'

// Scripts of other packages must not see the key.
const { RUNMAT_TELEMETRY_KEY: _, ...env } = process.env
const work = mkdtempSync(path.join(os.tmpdir(), 'telemetry-nodes-'))
try {
  for (const version of process.argv.slice(2)) {
    const prefix = path.join(work, version)
    const quiet = ['--silent', '--no-audit', '--no-fund']
    execFileSync('npm', ['install', ...quiet, '--prefix', prefix, `node@${version}`], { env })
    precompile(path.join(prefix, 'node_modules/node/bin/node'))
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
