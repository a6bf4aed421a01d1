import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import path from 'node:path'

import type { Home } from '../support/home.ts'
import type { Mounter } from '../support/mounts.ts'
import { type Judge, type OptOutCase, type OptOutFile, optOutCases } from './cases.ts'

export function casesOf(judge: Judge): readonly OptOutCase[] {
  return optOutCases.filter(({ judges }) => judges.includes(judge))
}

export function hasSystemFile({ files = [] }: OptOutCase): boolean {
  return files.some(({ base }) => base === 'system')
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The folder that stands for the platform's own of all users. */
  readonly systemHome: string
}

/** Puts the files of a case in their places. */
export function layOut(
  home: Home,
  { files = [], env = {} }: OptOutCase,
  system = 'system',
): Surroundings {
  const cwd = home.at('work/deep')
  const systemHome = home.at(system)
  mkdirSync(cwd, { recursive: true })
  const folders = { home: home.path, project: cwd, system: path.join(systemHome, 'runmat') }
  for (const { base, path: name, content } of files) {
    lay(home, path.resolve(folders[base], name), content)
  }
  const values = Object.entries(env).map(([name, value]) => {
    return [name, value.replaceAll('{home}', home.path)] as const
  })
  return { env: Object.fromEntries(values), cwd, systemHome }
}

function lay(home: Home, file: string, content: OptOutFile['content']): void {
  mkdirSync(path.dirname(file), { recursive: true })
  if ('text' in content) home.write(file, content.text)
  else if ('hex' in content) home.write(file, Buffer.from(content.hex, 'hex'))
  else if ('sparse' in content) truncateSync(home.write(file, ''), content.sparse)
  else if ('link' in content) symlinkSync(content.link, file)
  else if (content.special === 'folder') mkdirSync(file)
  else execFileSync('mkfifo', [file])
}

/** A command on a machine whose administrator has put these files into /etc. */
export function underAdministrator(
  mounter: Mounter,
  { systemHome }: Surroundings,
  command: readonly string[],
): readonly string[] {
  const before = [
    'mount -t tmpfs etc /mnt',
    // Debian finds some of its programs by links in there.
    `cp -a /etc/alternatives '${systemHome}/runmat' /mnt/`,
    'mount --bind /mnt /etc',
  ]
  return mounter({ before: before.join('\n') }, command)
}
