import { readSmallFile } from '../files/read.ts'
import type { Snapshot } from '../files/snapshot.ts'
import type { Paths } from './paths.ts'

/** The collector's request that this version send nothing more. */
export interface Gone {
  /** The host's version that got this answer; null if it was unknown. */
  readonly version: string | null
  readonly at: string
}

/**
 * The collector's 410, as long as the host still has the version that got it. It can only turn sending
 * off, never on.
 */
export function collectorsNo(
  paths: Paths,
  endpoint: string,
  version: string | undefined,
  see: Snapshot,
): Gone | undefined {
  if (see(paths.uploads).trace === '') return undefined
  const gone = goneIn(paths.uploads, endpoint)
  if (gone === undefined) return undefined
  const current = version ?? lastVersion(paths.stats)
  return current === undefined || current === gone.version ? gone : undefined
}

function goneIn(file: string, endpoint: string): Gone | undefined {
  const state = fieldsOf(file) as { gone?: Partial<Gone> | null; endpoint?: unknown }
  const { gone, endpoint: asked } = state
  if (typeof asked === 'string' && asked !== endpoint) return undefined
  if (typeof gone !== 'object' || gone === null) return undefined
  const { version, at } = gone
  return {
    version: typeof version === 'string' ? version : null,
    at: typeof at === 'string' ? at.slice(0, 40) : '',
  }
}

function lastVersion(file: string): string | undefined {
  const { version } = fieldsOf(file) as { version?: unknown }
  return typeof version === 'string' ? version : undefined
}

function fieldsOf(file: string): object {
  const reading = readSmallFile(file, 1024 * 1024)
  if (reading.kind !== 'read') return {}
  try {
    return Object(JSON.parse(reading.bytes.toString('utf8')) ?? {}) as object
  } catch {
    return {}
  }
}
