import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { rolldown } from 'rolldown'

const root = path.resolve(import.meta.dirname, '../..')
const needed = [
  'bench',
  'bin',
  'scripts',
  'src',
  'package.json',
  'tsconfig.json',
  'tsconfig.types.json',
]

/**
 * A copy of the project, built with this Node, so that edits and builds meanwhile don't change what is
 * measured, and V8's compiled code fits. It is deleted on close.
 */
export async function openStage() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'telemetry-bench-'))
  const at = (...parts) => path.join(folder, ...parts)
  const homes = []
  for (const name of needed) cpSync(path.join(root, name), at(name), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), at('node_modules'), 'junction')
  const { RUNMAT_TELEMETRY_KEY: _, ...env } = process.env
  const PATH = `${path.dirname(process.execPath)}${path.delimiter}${env.PATH}`
  execFileSync(process.execPath, ['scripts/build.js'], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...env, PATH },
  })
  return {
    root,
    at,
    program: (name) => at('bench/programs', name),
    internals: await bundleInternals(at),
    home: (parent = folder) => {
      const home = mkdtempSync(path.join(parent, 'telemetry-home-'))
      homes.push(home)
      return makeHome(home)
    },
    close: () => {
      for (const made of [...homes, folder]) rmSync(made, { recursive: true, force: true })
    },
  }
}

/** Internal parts of dist/, for making events as the product makes them. */
async function bundleInternals(at) {
  const bundle = await rolldown({
    input: at('bench/support/internals.js'),
    platform: 'node',
    transform: { define: { BUILD_VERSION: '"0.0.0"', BUILD_INGESTION_KEY: '""' } },
  })
  await bundle.write({ file: at('internals.mjs'), codeSplitting: false })
  await bundle.close()
  return await import(pathToFileURL(at('internals.mjs')).href)
}

/** An almost empty home without an opt-out. `cwd` is as deep as in a typical project. */
function makeHome(folder) {
  const at = (...parts) => path.join(folder, ...parts)
  const state = at('.cache/runmat/telemetry')
  const cwd = at('work/project')
  mkdirSync(cwd, { recursive: true })
  return {
    cwd,
    state,
    queue: path.join(state, 'queue'),
    stats: path.join(state, 'stats.json'),
    settings: at('.config/runmat/config.toml'),
    env: {
      HOME: folder,
      USERPROFILE: folder,
      XDG_CONFIG_HOME: at('.config'),
      XDG_CACHE_HOME: at('.cache'),
      PATH: process.env.PATH ?? '',
      ...(process.env.SystemRoot && { SystemRoot: process.env.SystemRoot }),
      RUNMAT_TELEMETRY_KEY: 'key-of-the-benchmark',
    },
  }
}
