// Runs the common commands and a host once and saves what V8 compiled; see bin/. Do not run it by hand,
// because it turns telemetry off: scripts/support/precompile.js gives it a temporary home.
'use strict'

const { mkdirSync, rmSync, writeFileSync } = require('node:fs')
const path = require('node:path')

const { open, compiled, compiledOf, scripts } = require('../bin/runmat-telemetry.js')

// Whatever is kept has to be loaded, used or not, so only what people run most often is kept.
const before = [['status'], ['print'], ['--help']]
const after = [['disable']]

async function runLines(lines) {
  const { start } = open('cli')
  for (const line of lines) {
    const code = await start(line)
    if (code !== 0) throw new Error(`${line.join(' ')} ended with ${code}`)
  }
}

/** Counts, as every host does. */
async function host() {
  const { openTelemetry, runmat } = open('lib')
  const uploader = { command: process.execPath, args: ['--version'] }
  const telemetry = openTelemetry(runmat, { version: '0.0.0', notice: 'shown', uploader })
  telemetry.count('run', 'success')
  await telemetry.close()
}

/** So that `disable` has a file to change. */
function turnOn() {
  const settings = path.join(process.env.HOME, '.config/runmat')
  mkdirSync(settings, { recursive: true })
  writeFileSync(path.join(settings, 'config.toml'), '[runtime.telemetry]\nenabled = true\n')
}

async function keep() {
  rmSync(compiled, { recursive: true, force: true })
  // Its folder is what makes the launcher load the bundles in a way that can be kept.
  mkdirSync(compiled, { recursive: true })
  await runLines(before)
  await host()
  turnOn()
  await runLines(after)
  for (const [file, { script }] of scripts) {
    mkdirSync(path.dirname(compiledOf(file)), { recursive: true })
    writeFileSync(compiledOf(file), script.createCachedData())
  }
}

void keep()
