// Runs the bundle once as a user would and keeps what V8 compiled on the way; see bin/.
'use strict'

const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const { createRequire, wrap } = require('node:module')
const os = require('node:os')
const path = require('node:path')
const { Script } = require('node:vm')

const bundle = path.resolve('dist/cli.cjs')
const script = new Script(wrap(readFileSync(bundle, 'utf8')), { filename: bundle })
const loaded = { exports: {} }
const run = script.runInThisContext()
run(loaded.exports, createRequire(bundle), loaded, bundle, path.dirname(bundle))

const home = mkdtempSync(path.join(os.tmpdir(), 'telemetry-build-'))
process.env = { HOME: home, USERPROFILE: home }

async function keep() {
  for (const command of ['disable', 'status', 'print']) await loaded.exports.start([command])
  const { v8 } = process.versions
  writeFileSync(`dist/cli.${v8}-${process.arch}.bin`, script.createCachedData())
}

void keep().finally(() => rmSync(home, { recursive: true, force: true }))
