import { nilUuid } from '../contract/atoms.ts'
import type { Kind } from '../contract/contract.ts'
import { previewTrigger } from '../contract/usage.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { readClientId } from '../store/client-id.ts'
import { freshStats, readStats } from '../store/stats.ts'
import { timestamp } from '../contract/timestamp.ts'
import { buildInstall } from './install.ts'
import { buildFinished } from './run.ts'
import { buildUsage, usableVersion } from './usage.ts'

export interface Preview {
  readonly bytes: string
  /** False where the nil UUID stands in for an id that the first event will make. */
  readonly hasClientId: boolean
}

/** What an event of the family would look like now, written nowhere. */
export function previewOf(kind: Kind, context: Context, ownVersion: string): Preview {
  if (kind === 'usage') return previewUsage(context, ownVersion)
  const { product, paths, environment } = context
  const clientId = readClientId(paths.clientId)
  const { platform, arch } = environment
  const release = usableVersion(ownVersion)
  const cid = clientId ?? nilUuid
  const bytes =
    kind === 'install'
      ? buildInstall(context, 'install_complete', { release, method: 'shell' }, newUuid(), cid)
      : buildFinished(
          product,
          { clientId: cid, sessionId: newUuid(), platform, arch, release },
          { eventId: newUuid(), now: environment.now(), elapsedUs: 0 },
          { runKind: 'script', jitEnabled: true, accelerateEnabled: true },
          { success: true, jitUsed: true },
        )
  if (bytes === undefined) throw new Error(`${product.name} has no events of that kind`)
  return { bytes, hasClientId: clientId !== undefined }
}

/** The next usage event as it would be queued now, built by the same builder, written nowhere. */
function previewUsage(context: Context, ownVersion: string): Preview {
  const { product, paths, environment } = context
  const at = timestamp(environment.now())
  const reading = readStats(paths.stats)
  const stats = reading.kind === 'read' ? reading.stats : freshStats(at)
  const clientId = readClientId(paths.clientId)
  const bytes = buildUsage(product, {
    eventId: newUuid(),
    installId: clientId ?? nilUuid,
    trigger: previewTrigger,
    at,
    version: stats.version ?? usableVersion(ownVersion),
    platform: environment.platform,
    arch: environment.arch,
    stats: { ...stats, sequence: stats.sequence + 1 },
  })
  if (bytes === undefined) throw new Error('the statistics on this machine fit no event')
  return { bytes, hasClientId: clientId !== undefined }
}
