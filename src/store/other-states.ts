import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { look } from '../files/read.ts'
import type { Context } from '../settings/context.ts'
import { type Paths, pathsOf } from '../settings/paths.ts'

/**
 * Where else processes of this user that share the settings may keep their state: `XDG_CACHE_HOME` can be
 * set for one job only. Only Linux tells us what variables a process has.
 */
export function otherStates({ product, environment, paths }: Context): readonly Paths[] {
  const { home, platform } = environment
  if (platform !== 'linux' || home === undefined) return []
  // Without an id nobody sends, and there is nobody to look for.
  if (look(paths.clientId) === undefined) return []
  const caches = new Set([path.join(home, '.cache'), ...cachesOfProcesses(home)])
  return [...caches]
    .map((cache) =>
      pathsOf(product, {
        ...environment,
        cacheHome: (application) => path.join(cache, application),
      }),
    )
    .filter(({ state }) => state !== paths.state && look(state) !== undefined)
}

function cachesOfProcesses(home: string): readonly string[] {
  return processes().flatMap((pid) => {
    const variables = variablesOf(pid)
    const cache = valueIn(variables, 'XDG_CACHE_HOME')
    // Who has another home has other settings.
    return path.isAbsolute(cache) && isSame(valueIn(variables, 'HOME'), home) ? [cache] : []
  })
}

/** Programs may write the same folder in another way. */
function isSame(place: string, home: string): boolean {
  if (place === home) return true
  const [one, other] = [path.isAbsolute(place) ? look(place) : undefined, look(home)]
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Each with a zero before and behind it. Empty for another user's process, which could name any folder of root's. */
function variablesOf(pid: string): string {
  if (look(`/proc/${pid}`)?.uid !== process.geteuid?.()) return ''
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}\0`
  } catch {
    return ''
  }
}

function valueIn(variables: string, name: string): string {
  const start = variables.indexOf(`\0${name}=`)
  if (start < 0) return ''
  const from = start + name.length + 2
  return variables.slice(from, variables.indexOf('\0', from))
}
