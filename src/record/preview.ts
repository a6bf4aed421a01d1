import { nilUuid } from '../contract/values.ts'
import type { Kind } from '../contract/contract.ts'
import { runtimePlatformOf } from '../contract/platform.ts'
import { previewTrigger } from '../contract/usage.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { readClientId } from '../store/client-id.ts'
import { freshStats, readStats } from '../store/stats.ts'
import { timestamp } from '../contract/timestamp.ts'
import { buildInstall } from './install.ts'
import { ofThisMachine } from './machine.ts'
import { buildFinished, buildStarted } from './run.ts'
import { buildUsage, noVersion, usableVersion } from './usage.ts'

export interface Preview {
  readonly bytes: string
  /** False if there is no id yet and the nil UUID takes its place. */
  readonly hasClientId: boolean
  /** False if no host has given its version yet, and zeros take its place. The tool's own is another. */
  readonly hasVersion: boolean
}

type Version = ReturnType<typeof usableVersion>

/**
 * An event of the family as it would be made now. Nothing is written. The version is that of the host
 * that runs these commands itself, or of the last one that recorded.
 */
export function previewOf(
  kind: Kind,
  context: Context,
  hostVersion: string | undefined,
  isStart = false,
): Preview {
  const { product, paths } = context
  const reading = readStats(paths.stats)
  const recorded = reading.kind === 'read' ? reading.stats.version : null
  const known = hostVersion ?? recorded
  const version = known === null ? noVersion : usableVersion(known)
  // An installer says in a word that it does not know.
  const hasVersion = version !== noVersion || kind === 'install'
  if (kind === 'usage') return { ...previewUsage(context, version), hasVersion }
  const clientId = readClientId(paths.clientId)
  const id = clientId ?? nilUuid
  const bytes =
    kind === 'install'
      ? previewInstall(context, version === noVersion ? 'unknown' : version, id, isStart)
      : previewRun(context, version, id, isStart)
  if (bytes === undefined) throw new Error(`${product.name} has no events of that kind`)
  return { bytes, hasClientId: clientId !== undefined, hasVersion }
}

function previewInstall(
  context: Context,
  release: Version,
  clientId: string,
  isStart: boolean,
): string | undefined {
  const { platform, arch } = context.environment
  const target = runtimePlatformOf(platform, arch)
  const facts = {
    platform: `${target.os}-${target.arch}`,
    release,
    method: platform === 'win32' ? 'powershell' : 'shell',
  }
  const label = isStart ? 'install_start' : 'install_complete'
  return buildInstall(context, label, facts, newUuid(), clientId)
}

/** A run with every field that a run can have, so that no field is a surprise later. */
function previewRun(
  { product, environment }: Context,
  release: Version,
  clientId: string,
  isStart: boolean,
): string | undefined {
  const { platform, arch } = environment
  const names = runtimePlatformOf(platform, arch)
  const identity = { clientId, sessionId: newUuid(), ...names, release }
  const moment = { eventId: newUuid(), now: environment.now(), elapsedUs: 48_200 }
  const start = { runKind: 'script', jitEnabled: true, accelerateEnabled: true }
  if (isStart) return buildStarted(product, identity, moment, start)
  return buildFinished(product, identity, moment, start, {
    success: true,
    jitUsed: true,
    counters: { totalExecutions: 12, jitCompiled: 3, interpreterFallback: 9 },
    provider: {
      device: {
        name: 'Example GPU',
        vendor: 'Example',
        ...(product.runtime?.backends[0] && { backend: product.runtime.backends[0] }),
      },
      gpuWallNs: 9_100_000,
      gpuDispatches: 7,
      gpuUploadBytes: 65_536,
      gpuDownloadBytes: 8192,
      fusionCacheHits: 3,
      fusionCacheMisses: 1,
    },
  })
}

/** The next usage event as the same builder would queue it now. Nothing is written. */
function previewUsage(context: Context, version: Version): Omit<Preview, 'hasVersion'> {
  const { product, paths, environment } = context
  const at = timestamp(environment.now())
  const reading = readStats(paths.stats, at)
  const stats = reading.kind === 'read' ? ofThisMachine(context, reading.stats) : freshStats(at)
  const clientId = readClientId(paths.clientId)
  const bytes = buildUsage(product, {
    eventId: newUuid(),
    installId: clientId ?? nilUuid,
    trigger: previewTrigger,
    at,
    version,
    platform: environment.platform,
    arch: environment.arch,
    stats: { ...stats, sequence: stats.sequence + 1 },
  })
  if (bytes === undefined) throw new Error('the statistics on this machine fit no event')
  return { bytes, hasClientId: clientId !== undefined }
}
