import { installContracts } from '../contract/install.ts'
import { platformOf } from '../contract/platform.ts'
import { newUuid } from '../files/uuid.ts'
import type { Context } from '../settings/context.ts'
import { mintClientId } from '../store/client-id.ts'
import { queueFinished } from './queue-finished.ts'

/** What an installer knows. */
export interface InstallFacts {
  readonly platform?: string
  readonly release?: string
  readonly method: string
}

/** The only builder of install events here. The installers are scripts and build their own. */
export function buildInstall(
  { product, environment }: Context,
  label: string,
  facts: InstallFacts,
  id: string,
  clientId: string,
): string | undefined {
  const [contract] = installContracts(product)
  return contract?.serialise({
    event_label: label,
    uuid: id,
    ...platformOf(environment.platform, environment.arch),
    platform: facts.platform,
    release: facts.release ?? 'unknown',
    method: facts.method,
    cid: clientId,
  })
}

/** Queues one step of an installation. Returns the bytes, or undefined if nothing was queued. */
export function recordInstall(
  context: Context,
  label: string,
  facts: InstallFacts,
): string | undefined {
  if (!context.verdict.uploading) return undefined
  const id = newUuid()
  const bytes = buildInstall(context, label, facts, id, mintClientId(context.paths.clientId))
  if (bytes !== undefined) queueFinished(context, [{ id, bytes }])
  return bytes
}
