// Prints the size of the package that npm would publish, and fails if it is too large.
import { execFileSync } from 'node:child_process'

/** In bytes, what travels and what lies on the disk: without compiled code, and for each engine's. */
const budgets = {
  size: { own: 300_000, engine: 330_000 },
  unpackedSize: { own: 850_000, engine: 710_000 },
}

const quiet = ['--offline', '--no-update-notifier', '--loglevel=error']
const args = ['pack', '--dry-run', '--json', '--ignore-scripts', ...quiet]
const shell = process.platform === 'win32'
const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', shell }))
const engines = new Set(packed.files.map(({ path }) => /^dist\/compiled\/[^/]+/.exec(path)?.[0]))
engines.delete(undefined)
const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`
for (const [what, { own, engine }] of Object.entries(budgets)) {
  const limit = own + engines.size * engine
  console.log(`package, ${what}: ${kilobytes(packed[what])} of ${kilobytes(limit)}`)
  if (packed[what] > limit) process.exitCode = 1
}
