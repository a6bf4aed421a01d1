#!/usr/bin/env node
'use strict'

const { existsSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { Script } = require('node:vm')

const dist = path.join(__dirname, '../dist')
const compiled = path.join(dist, 'compiled', `${process.versions.v8}-${process.arch}`)
const compiledOf = (file) => `${compiled}${file.slice(dist.length, -'.cjs'.length)}.bin`
const scripts = new Map()
// As Node itself wraps a file. Its own function for that takes half a millisecond to load.
const head = '(function (exports, require, module, __filename, __dirname) { '

/** Loads one of the two bundles, `cli` or `lib`. */
function open(name) {
  const file = path.join(dist, `${name}.cjs`)
  return existsSync(compiled) ? load(file) : require(file)
}

// The build leaves V8's compiled form of the bundles' files in a folder for each engine. Using it
// halves our share of the start; any other engine compiles as always.
function load(file) {
  const known = scripts.get(file)
  if (known) return known.exports
  const cache = compiledOf(file)
  const script = new Script(`${head}${readFileSync(file, 'latin1')}\n})`, {
    filename: file,
    ...(existsSync(cache) && { cachedData: readFileSync(cache) }),
  })
  const module = { exports: {}, script }
  scripts.set(file, module)
  const folder = path.dirname(file)
  const ask = (name) => (name[0] === '.' ? load(path.join(folder, name)) : require(name))
  script.runInThisContext()(module.exports, ask, module, file, folder)
  return module.exports
}

if (require.main === module) {
  open('cli').start(process.argv.slice(2)).then(end)
}

// By now all is said and done, and to leave saves the time it takes to tear everything down. A
// terminal of Windows may still be busy with what we said.
function end(code) {
  process.exitCode ??= code
  if (process.platform !== 'win32') process.exit()
}

// For the library, and for the build, which compiles what it finds to be in use.
module.exports = { open, compiled, compiledOf, scripts }
