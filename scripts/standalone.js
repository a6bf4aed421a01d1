// Makes the executables that need no Node, each in an archive with its documents:
// `node scripts/standalone.js [--host] [platform …]`. Build the package first.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { noticesOf, packagesIn } from './notices.js'
import { bundleProgram, compile } from './standalone/compile.js'
import { signed } from './standalone/macho.js'
import { bun, hostPlatform, platforms } from './standalone/platforms.js'
import { unpackRuntime } from './standalone/runtime.js'
import { sbom } from './standalone/sbom.js'
import { tarball } from './standalone/tar.js'
import { zip } from './standalone/zip.js'

const { name, version, license } = JSON.parse(readFileSync('package.json', 'utf8'))
const target = 'dist/standalone'
const host = hostPlatform()
const work = mkdtempSync(path.join(os.tmpdir(), 'telemetry-standalone-'))

try {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const compiler = unpackRuntime(host, work)
  const completions = completionScripts()
  const bundled = await bundleProgram('src/entry/executable.ts', path.join(work, 'bundle'))
  const archives = wanted().map((platform) => pack(platform, compiler, bundled, completions))
  writeFileSync(path.join(target, 'SHA256SUMS'), archives.map(checksum).join(''))
} finally {
  rmSync(work, { recursive: true, force: true })
}

function wanted() {
  const given = process.argv.slice(2)
  if (given.length === 0) return platforms
  return given.map((asked) => {
    const found = platforms.find((platform) => platform.name === asked)
    if (asked === '--host' || found !== undefined) return found ?? host
    throw new Error(`${asked} is none of ${platforms.map((platform) => platform.name).join(', ')}`)
  })
}

function pack(platform, compiler, { program, modules }, completions) {
  const { suffix = '' } = platform
  const outfile = path.join(work, `made-${platform.name}${suffix}`)
  const runtime = platform === host ? compiler : unpackRuntime(platform, work)
  compile({ compiler, platform, runtime, outfile, program })
  const made = readFileSync(outfile)
  const executable = platform.name.startsWith('macos-') ? signed(made, name) : made
  const packages = packagesIn(modules)
  const bunNotice = readFileSync('scripts/standalone/bun-notice.txt', 'utf8')
  const files = [
    { name: `${name}${suffix}`, content: executable, executable: true },
    { name: 'LICENSE', content: readFileSync('LICENSE') },
    { name: 'README.md', content: readFileSync('README.md') },
    { name: 'THIRD-PARTY-LICENSES.txt', content: text(noticesOf(packages, bunNotice)) },
    {
      name: 'sbom.cdx.json',
      content: text(sbom({ name, version, license, platform, bun, packages, executable })),
    },
    { name: `man/man1/${name}.1`, content: readFileSync(`man/${name}.1`) },
    ...completions,
  ]
  const folder = `${name}-${version}-${platform.name}`
  const archive = `${folder}.${suffix ? 'zip' : 'tar.gz'}`
  writeFileSync(path.join(target, archive), (suffix ? zip : tarball)(folder, files))
  writeFileSync(path.join(target, `${folder}.cdx.json`), files[4].content)
  // The one that can be run on this machine.
  if (platform === host) {
    writeFileSync(path.join(target, `${name}${suffix}`), executable, { mode: 0o755 })
  }
  rmSync(outfile)
  console.log(`${archive}: ${megabytes(executable)} unpacked`)
  return archive
}

function completionScripts() {
  const files = {
    bash: `completions/bash/${name}`,
    zsh: `completions/zsh/_${name}`,
    fish: `completions/fish/${name}.fish`,
    powershell: `completions/powershell/${name}.ps1`,
  }
  return Object.entries(files).map(([shell, file]) => ({
    name: file,
    content: execFileSync('node', [`bin/${name}.js`, 'completion', shell]),
  }))
}

function checksum(archive) {
  const content = readFileSync(path.join(target, archive))
  return `${createHash('sha256').update(content).digest('hex')}  ${archive}\n`
}

function text(content) {
  return Buffer.from(content)
}

function megabytes({ length }) {
  return `${(length / 1e6).toFixed(1)} MB`
}
