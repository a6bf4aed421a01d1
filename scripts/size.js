// Says how large the package is that npm would publish, and fails when it is larger than it may be.
import { execFileSync } from 'node:child_process'

/** In bytes: what travels, and what lies on the disk in the end. */
const budget = { size: 340_000, unpackedSize: 950_000 }

const quiet = ['--offline', '--no-update-notifier', '--loglevel=error']
const args = ['pack', '--dry-run', '--json', '--ignore-scripts', ...quiet]
const shell = process.platform === 'win32'
const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', shell }))
for (const [what, limit] of Object.entries(budget)) {
  const kilobytes = (bytes) => `${Math.round(bytes / 1000)} kB`
  console.log(`package, ${what}: ${kilobytes(packed[what])} of ${kilobytes(limit)}`)
  if (packed[what] > limit) process.exitCode = 1
}
