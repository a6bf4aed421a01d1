import { readSmallFile } from '../files/read.ts'
import type { Paths } from './paths.ts'

/** The collector's word that this version shall send nothing more. */
export interface Gone {
  /** The host's version that it was said to; null where none was known. */
  readonly version: string | null
  readonly at: string
}

/**
 * What the collector at this address asked for with 410, as long as the host's version is the one
 * that it said it to. It can turn sending off, and never on.
 */
export function collectorsNo(
  paths: Paths,
  endpoint: string,
  version: string | undefined,
): Gone | undefined {
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
