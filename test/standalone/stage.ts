import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

import { executable } from '../support/run.ts'

/** Where `npm run standalone` put what belongs to the executable that is tested. */
export const made = path.dirname(executable ?? '')

/** The archive for a platform, if it was made. */
export function archiveFor(platform: string): string | undefined {
  const names = executable === undefined ? [] : readdirSync(made)
  const name = names.find((one) => one.endsWith(`-${platform}.tar.gz`))
  return name && path.join(made, name)
}

/** The one whose executable was put beside it, ready to run. */
export function hostArchive(): string {
  const { glibcVersionRuntime: glibc } = (
    process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  ).header
  const system = process.platform === 'darwin' ? 'macos' : 'linux'
  const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64'
  const libc = system === 'linux' && glibc === undefined ? '-musl' : ''
  return archiveFor(`${system}-${machine}${libc}`) ?? ''
}

/** Unpacks it, and answers with the one folder in it. */
export function unpack(archive: string, into: string): string {
  execFileSync('tar', ['-xzf', archive, '-C', into])
  return path.join(into, path.basename(archive, '.tar.gz'))
}
