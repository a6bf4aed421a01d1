import path from 'node:path'

import ci from 'ci-info'
import envPaths from 'env-paths'

/**
 * Everything that this process reads from its environment, read once and passed on as a value. No
 * other file in src/ uses `process.env`, the working folder or the home folder.
 */
export interface HostEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Undefined if the machine does not tell. Nothing can be stored then, so nothing is collected. */
  readonly home: string | undefined
  /** Undefined if the working folder was deleted. */
  readonly cwd: string | undefined
  readonly platform: string
  readonly arch: string
  /** The build service, as ci-info calls it. */
  readonly ci: string | undefined
  readonly configHome: string
  /** Where an administrator puts settings for the whole machine; by default the platform's folder. */
  readonly systemHome?: string
  /** The user's number, on platforms that have one. */
  readonly uid?: number | undefined
  /** The platform's cache folder of an application. */
  readonly cacheHome: (application: string) => string
  readonly now: () => number
  /** The machine has been running for at least this many milliseconds. */
  readonly uptime: () => number
}

/** The time, and when the machine started by the same clock. */
export interface Moment {
  readonly now: number
  readonly bootedAt: number
}

export function momentOf({ now, uptime }: HostEnvironment): Moment {
  const time = now()
  return { now: time, bootedAt: time - uptime() }
}

export function readHostEnvironment(): HostEnvironment {
  const { env, platform } = process
  const home = absolute(platform === 'win32' ? env['USERPROFILE'] : env['HOME'])
  return {
    env,
    home,
    cwd: workingFolder(),
    platform,
    arch: process.arch,
    ci: ci.isCI ? (ci.name ?? 'a build service') : undefined,
    configHome: absolute(env['XDG_CONFIG_HOME']) ?? path.join(home ?? '', '.config'),
    uid: process.geteuid?.(),
    cacheHome: (application) => cacheFolder(application, home ?? '', env['XDG_CACHE_HOME']),
    now: Date.now,
    uptime: () => process.hrtime()[0] * 1000,
  }
}

/** The XDG specification: a relative path in these variables is invalid and must be ignored. */
function absolute(value: string | undefined): string | undefined {
  return value !== undefined && path.isAbsolute(value) ? value : undefined
}

function cacheFolder(application: string, home: string, xdg: string | undefined): string {
  const given = absolute(xdg)
  if (given !== undefined) return path.join(given, application)
  const folder = envPaths(application, { suffix: '' }).cache
  return path.isAbsolute(folder) ? folder : path.join(home, '.cache', application)
}

function workingFolder(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
