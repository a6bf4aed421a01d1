import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

/**
 * The working folder must not change what the program does. By default Bun would read settings,
 * variables and modules there.
 */
const heedless = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
  (file) => `--no-compile-autoload-${file}`,
)

/** Made for programs that run for milliseconds. */
const quick = ['--minify', '--bytecode', '--compile-jit-policy=10']

/** With this argument compiled in, the program also starts in a deleted folder. */
const ownArguments = ['--compile-exec-argv=--no-addons']

/**
 * Compiles for a platform, with this machine's compiler and the platform's runtime. Downloads nothing.
 * Returns the modules that were bundled.
 */
export function compile({ compiler, platform, runtime, outfile, entry, version, key }) {
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
