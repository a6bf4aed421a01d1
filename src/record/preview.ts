import { nilUuid } from '../contract/atoms.ts'
import type { Kind } from '../contract/contract.ts'
import { previewTrigger } from '../contract/usage.ts'
import { randomUuid } from '../files/random.ts'
import type { Situation } from '../settings/situation.ts'
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
export function previewOf(kind: Kind, situation: Situation, ownVersion: string): Preview {
  if (kind === 'usage') return previewUsage(situation, ownVersion)
  const { product, paths, surroundings } = situation
  const clientId = readClientId(paths.clientId)
  const { platform, arch } = surroundings
  const release = usableVersion(ownVersion)
  const cid = clientId ?? nilUuid
  const bytes =
    kind === 'install'
      ? buildInstall(situation, 'install_complete', { release, method: 'shell' }, randomUuid(), cid)
      : buildFinished(
          product,
          { clientId: cid, sessionId: randomUuid(), platform, arch, release },
          { eventId: randomUuid(), now: surroundings.now(), elapsedUs: 0 },
          { runKind: 'script', jitEnabled: true, accelerateEnabled: true },
          { success: true, jitUsed: true },
        )
  if (bytes === undefined) throw new Error(`${product.name} has no events of that kind`)
  return { bytes, hasClientId: clientId !== undefined }
}

/** The next usage event as it would be queued now, built by the same builder, written nowhere. */
function previewUsage(situation: Situation, ownVersion: string): Preview {
  const { product, paths, surroundings } = situation
  const at = timestamp(surroundings.now())
  const reading = readStats(paths.stats)
  const stats = reading.kind === 'read' ? reading.stats : freshStats(at)
  const clientId = readClientId(paths.clientId)
  const bytes = buildUsage(product, {
    eventId: randomUuid(),
    installId: clientId ?? nilUuid,
    trigger: previewTrigger,
    at,
    version: stats.version ?? usableVersion(ownVersion),
    platform: surroundings.platform,
    arch: surroundings.arch,
    stats: { ...stats, sequence: stats.sequence + 1 },
  })
  if (bytes === undefined) throw new Error('the statistics on this machine fit no event')
  return { bytes, hasClientId: clientId !== undefined }
}
