import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

const entry = 'src/entry/executable.ts'

/**
 * What a folder holds must not change what the program does: the settings, variables and programs
 * that Bun would otherwise look for where it is started are somebody else's.
 */
const heedless = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
  (file) => `--no-compile-autoload-${file}`,
)

/** Made for programs that run for milliseconds. */
const quick = ['--minify', '--bytecode', '--compile-jit-policy=10']

/** With an argument of its own, the program also starts in a folder that was deleted meanwhile. */
const ownArguments = ['--compile-exec-argv=--no-addons']

/**
 * Compiles for a platform, with the compiler that runs here and the runtime that runs there; nothing
 * is fetched. Answers with the modules that went in.
 */
export function compile({ compiler, platform, runtime, outfile, version, key }) {
  const metafile = `${outfile}.json`
  const define = (name, value) => ['--define', `${name}=${JSON.stringify(value)}`]
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
      ...define('BUILD_VERSION', version),
      ...define('BUILD_INGESTION_KEY', key),
      `--metafile=${metafile}`,
      `--outfile=${outfile}`,
      entry,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: environment() },
  )
  const { inputs } = JSON.parse(readFileSync(metafile, 'utf8'))
  rmSync(metafile)
  return Object.keys(inputs).map((input) => path.resolve(input))
}

/** Nothing that could change what is built, or lead it to the network. */
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
