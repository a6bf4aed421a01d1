import { installContracts } from '../contract/install.ts'
import { platformOf } from '../contract/platform.ts'
import { randomUuid } from '../files/random.ts'
import type { Situation } from '../settings/situation.ts'
import { mintClientId } from '../store/client-id.ts'
import { queueFinished } from './queue-drafts.ts'

/** What an installer knows. */
export interface InstallFacts {
  readonly platform?: string
  readonly release?: string
  readonly method: string
}

/** The only builder of install events on this side; the installers are scripts and write their own. */
export function buildInstall(
  { product, surroundings }: Situation,
  label: string,
  facts: InstallFacts,
  id: string,
  clientId: string,
): string | undefined {
  const [contract] = installContracts(product)
  return contract?.serialise({
    event_label: label,
    uuid: id,
    ...platformOf(surroundings.platform, surroundings.arch),
    platform: facts.platform,
    release: facts.release ?? 'unknown',
    method: facts.method,
    cid: clientId,
  })
}

/** Queues one step of an installation; gives the bytes, or undefined where nothing was queued. */
export function recordInstall(
  situation: Situation,
  label: string,
  facts: InstallFacts,
): string | undefined {
  if (!situation.verdict.uploading) return undefined
  const id = randomUuid()
  const bytes = buildInstall(situation, label, facts, id, mintClientId(situation.paths.clientId))
  if (bytes !== undefined) queueFinished(situation, [{ id, bytes }])
  return bytes
}
