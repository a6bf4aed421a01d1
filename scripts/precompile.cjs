// Runs the common commands once and saves what V8 compiled; see bin/. Do not run it by hand, because it
// turns telemetry off: scripts/support/precompile.js gives it a temporary home.
'use strict'

const { mkdirSync, rmSync, writeFileSync } = require('node:fs')

const { bundle, compiled, compiledOf, load, scripts } = require('../bin/runmat-telemetry.js')

const lines = [
  ['endpoint', 'http://127.0.0.1:9/'],
  ['record', 'usage'],
  ['enable'],
  ['status'],
  ['print'],
  ['--help'],
  ['disable'],
]

async function keep() {
  const { start } = load(bundle)
  for (const line of lines) {
    const code = await start(line)
    if (code !== 0) throw new Error(`${line.join(' ')} ended with ${code}`)
  }
  rmSync(compiled, { recursive: true, force: true })
  mkdirSync(compiled, { recursive: true })
  for (const [file, { script }] of scripts) {
    writeFileSync(compiledOf(file), script.createCachedData())
  }
}

void keep()
