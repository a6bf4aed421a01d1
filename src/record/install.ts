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

/** Queues one step of an installation; gives the bytes, or undefined where nothing was queued. */
export function recordInstall(
  situation: Situation,
  label: string,
  facts: InstallFacts,
): string | undefined {
  const { product, paths, surroundings, verdict } = situation
  if (!verdict.uploading) return undefined
  const id = randomUuid()
  const [contract] = installContracts(product)
  const bytes = contract?.serialise({
    event_label: label,
    uuid: id,
    ...platformOf(surroundings.platform, surroundings.arch),
    platform: facts.platform,
    release: facts.release ?? 'unknown',
    method: facts.method,
    cid: mintClientId(paths.clientId),
  })
  if (bytes !== undefined) queueFinished(situation, [{ id, bytes }])
  return bytes
}
