import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { bun } from './platforms.js'

const cache = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
  'runmat-telemetry-build',
)

/** Unpacks the runtime of a platform into the folder and returns its path. */
export function unpackRuntime({ runtime, integrity, suffix = '' }, folder) {
  const tarball = path.join(cache, `bun-${runtime}-${bun}.tgz`)
  if (!existsSync(tarball)) fetch(`@oven/bun-${runtime}@${bun}`, tarball)
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  // Checked each time: the content of a cache may have changed.
  if (found !== integrity) {
    rmSync(tarball)
    throw new Error(`${tarball} is not what was pinned: ${found} instead of ${integrity}`)
  }
  const own = path.join(folder, runtime)
  mkdirSync(own, { recursive: true })
  // Relative, because for some versions of tar a colon means a remote machine.
  const member = `package/bin/bun${suffix}`
  execFileSync('tar', ['-xzf', path.basename(tarball), '-C', own, member], { cwd: cache })
  return path.join(own, member)
}

/** Through npm, which knows the registry, proxy and certificates to use here. */
function fetch(name, tarball) {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'fetching-'))
  try {
    const args = ['pack', name, '--json', '--loglevel=error', '--pack-destination', '.']
    // A shell would split a path with a blank, so the folder is passed as working folder.
    const shell = process.platform === 'win32'
    const said = execFileSync('npm', args, { encoding: 'utf8', shell, cwd: folder })
    const [{ filename }] = JSON.parse(said)
    const plain = filename.replace('@', '').replace('/', '-')
    renameSync(path.join(folder, plain), tarball)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
