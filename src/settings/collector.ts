import { readSmallFile } from '../files/read.ts'
import { openFileMemory, type Snapshot } from '../files/snapshot.ts'
import type { Paths } from './paths.ts'

/** A collector's request that this version send nothing more. */
export interface Gone {
  /** The host's version that got this answer; null if it was unknown. */
  readonly version: string | null
  readonly at: string
  /** The collector's address; null in notes of older versions without one. */
  readonly endpoint: string | null
}

/** The newest such request, of the last collector that was asked, and those before it. */
export interface GoneFields {
  readonly endpoint: string | null
  readonly gone: Gone | null
  readonly gone_before: readonly Gone[]
}

/** All of them, newest first. */
export function allGone({ gone, gone_before: before }: GoneFields): readonly Gone[] {
  return gone === null ? before : [gone, ...before]
}

/** How many of these requests are remembered, and how much of a version, which a host may give any. */
const kept = { requests: 32, versionLength: 200 } as const

/** With one more. Posts that were under way together can all get the same answer. */
export function alsoGone(
  before: GoneFields,
  { version, at, endpoint }: Gone,
): Pick<GoneFields, 'gone' | 'gone_before'> {
  const gone = { version: asKept(version), at, endpoint }
  const others = allGone(before).filter(
    (one) => one.version !== gone.version || one.endpoint !== endpoint,
  )
  return { gone, gone_before: others.slice(0, kept.requests) }
}

function asKept(version: unknown): string | null {
  return typeof version === 'string' ? version.slice(0, kept.versionLength) : null
}

/**
 * The collector's 410 to the version that the host has now, whatever other versions or collectors were
 * told since. It can only turn sending off, never on.
 */
export function collectorsNo(
  paths: Paths,
  endpoint: string,
  version: string | undefined,
  see: Snapshot,
): Gone | undefined {
  const { version: state } = see(paths.uploads)
  if (state === '') return undefined
  const told = goneIn(paths.uploads, state).filter(
    ({ endpoint: asked }) => asked === null || asked === endpoint,
  )
  if (told.length === 0) return undefined
  const current = version ?? versionIn(paths.stats, see(paths.stats).version)
  return told.find((gone) => current === undefined || asKept(current) === gone.version)
}

export function goneFields(state: object): GoneFields {
  const { endpoint, gone, gone_before: before } = state as Fields
  const asked = text(endpoint, 4096)
  return {
    endpoint: asked,
    gone: goneOf({ endpoint: asked, ...Object(gone) })[0] ?? null,
    gone_before: (Array.isArray(before) ? before : []).flatMap(goneOf),
  }
}

function goneOf(answer: unknown): readonly Gone[] {
  const { version, at, endpoint } = Object(answer) as Fields
  const time = text(at, 40)
  if (time === null) return []
  return [{ version: asKept(version), at: time, endpoint: text(endpoint, 4096) }]
}

function text(value: unknown, most: number): string | null {
  return typeof value === 'string' && value.length <= most ? value : null
}

/** Every process that must ask often reads the same file again and again. */
function remembered<T>(otherwise: T, make: (fields: Fields) => T) {
  const memory = openFileMemory<{ readonly made: T }>()
  return (file: string, version: string): T => {
    const known = memory.recall(file, version)
    if (known) return known.made
    const reading = readSmallFile(file, 1024 * 1024)
    if (reading.kind !== 'read') return otherwise
    const made = make(fieldsIn(reading.bytes.toString('utf8')))
    memory.keep(file, version, { made })
    return made
  }
}

type Fields = Partial<Readonly<Record<string, unknown>>>

const goneIn = remembered<readonly Gone[]>([], (fields) => allGone(goneFields(fields)))
const versionIn = remembered(undefined as string | undefined, ({ version }) =>
  typeof version === 'string' ? version : undefined,
)

function fieldsIn(written: string): Fields {
  try {
    return Object(JSON.parse(written) ?? {}) as Fields
  } catch {
    return {}
  }
}
