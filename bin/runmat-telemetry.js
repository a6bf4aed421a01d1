#!/usr/bin/env node
'use strict'

const { existsSync, readFileSync } = require('node:fs')
const { createRequire, wrap } = require('node:module')
const path = require('node:path')
const { Script } = require('node:vm')

const bundle = path.join(__dirname, '../dist/cli.cjs')

// The build leaves V8's compiled form of the bundle beside it. Using it halves our share of the
// start; an engine that it was not made for ignores it, and compiles as always.
function load() {
  const compiled = bundle.replace(/cjs$/, `${process.versions.v8}-${process.arch}.bin`)
  if (!existsSync(compiled)) return require(bundle)
  const source = wrap(readFileSync(bundle, 'utf8'))
  const script = new Script(source, { filename: bundle, cachedData: readFileSync(compiled) })
  const module = { exports: {} }
  const run = script.runInThisContext()
  run(module.exports, createRequire(bundle), module, bundle, path.dirname(bundle))
  return module.exports
}

load()
  .start(process.argv.slice(2))
  .then((code) => (process.exitCode ??= code))
