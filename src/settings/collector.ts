import { readSmallFile } from '../files/read.ts'
import { openFileMemory, type Snapshot } from '../files/snapshot.ts'
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
  const { version: state } = see(paths.uploads)
  if (state === '') return undefined
  const gone = goneIn(fieldsOf(paths.uploads, state), endpoint)
  if (gone === undefined) return undefined
  const current = version ?? lastVersion(paths.stats, see)
  return current === undefined || current === gone.version ? gone : undefined
}

function goneIn(state: object, endpoint: string): Gone | undefined {
  const { gone, endpoint: asked } = state as { gone?: Partial<Gone> | null; endpoint?: unknown }
  if (typeof asked === 'string' && asked !== endpoint) return undefined
  if (typeof gone !== 'object' || gone === null) return undefined
  const { version, at } = gone
  return {
    version: typeof version === 'string' ? version : null,
    at: typeof at === 'string' ? at.slice(0, 40) : '',
  }
}

function lastVersion(file: string, see: Snapshot): string | undefined {
  const { version } = fieldsOf(file, see(file).version) as { version?: unknown }
  return typeof version === 'string' ? version : undefined
}

const parsed = openFileMemory<object>()

function fieldsOf(file: string, version: string): object {
  const known = parsed.recall(file, version)
  if (known) return known
  const reading = readSmallFile(file, 1024 * 1024)
  if (reading.kind !== 'read') return {}
  const fields = fieldsIn(reading.bytes.toString('utf8'))
  parsed.keep(file, version, fields)
  return fields
}

function fieldsIn(text: string): object {
  try {
    return Object(JSON.parse(text) ?? {}) as object
  } catch {
    return {}
  }
}
