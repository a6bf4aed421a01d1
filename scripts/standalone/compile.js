import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { bundle, inAscii, withoutUnused } from '../support/bundle.js'

/**
 * The working folder must not change what the program does. By default Bun would read settings,
 * variables and modules there.
 */
const heedless = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
  (file) => `--no-compile-autoload-${file}`,
)

/** Made for programs that run for milliseconds. Split, so that a start unpacks only what it runs. */
const quick = ['--minify', '--bytecode', '--compile-jit-policy=10', '--splitting', '--format=esm']

/** With this argument compiled in, the program also starts in a deleted folder. */
const ownArguments = ['--compile-exec-argv=--no-addons']

/** Bundles the program into a folder: what each start needs, and files that are loaded when needed. */
export async function bundleProgram(entry, dir) {
  const codeSplitting = { groups: [{ name: 'program', tags: ['$initial'] }] }
  const [entryFileNames, chunkFileNames] = ['program.js', '[name].js']
  const output = { dir, format: 'esm', entryFileNames, chunkFileNames, codeSplitting }
  const modules = await bundle({ program: entry }, output, { plugins: [withoutUnused, inAscii] })
  // Of a first file that others import from, Bun makes two, and each start passes on hundreds of exports
  // from one to the other.
  const program = path.join(dir, 'main.js')
  writeFileSync(program, "import './program.js'\n")
  return { program, modules }
}

/** Compiles for a platform, with this machine's compiler and the platform's runtime. Downloads nothing. */
export function compile({ compiler, platform, runtime, outfile, program }) {
  execFileSync(
    compiler,
    [
      'build',
      '--compile',
      ...quick,
      ...heedless,
      ...ownArguments,
      `--target=bun-${platform.runtime}`,
      `--compile-executable-path=${runtime}`,
      `--outfile=${outfile}`,
      path.basename(program),
    ],
    // Where the files lie would become part of the names that the compiler gives them.
    { stdio: ['ignore', 'ignore', 'inherit'], env: environment(), cwd: path.dirname(program) },
  )
}

/** An environment without variables that change the build or connect to the network. */
function environment() {
  const kept = ['HOME', 'PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR', 'USERPROFILE']
  const nowhere = 'http://127.0.0.1:9'
  return {
    ...Object.fromEntries(kept.map((name) => [name, process.env[name]]).filter(([, one]) => one)),
    HTTPS_PROXY: nowhere,
    HTTP_PROXY: nowhere,
    npm_config_registry: nowhere,
  }
}
