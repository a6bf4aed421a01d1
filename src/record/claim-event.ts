import * as v from 'valibot'

import type { Kind } from '../contract/contract.ts'
import { contractsOf } from '../contract/contracts.ts'
import { platformOf, runtimePlatformOf } from '../contract/platform.ts'
import { randomUuid } from '../files/random.ts'
import type { Parsed } from '../settings/endpoint.ts'
import type { Situation } from '../settings/situation.ts'
import { mintClientId } from '../store/client-id.ts'
import { faultIn, parseObject } from './claim.ts'

export interface ClaimedEvent {
  readonly id: string
  readonly bytes: string
}

/**
 * Makes an event of a run or an installation from what a host in another language says: ids,
 * platform and times are filled in, and anything that does not fit is refused by name.
 */
export function readEventClaim(
  situation: Situation,
  kind: Exclude<Kind, 'usage'>,
  text: string,
): Parsed<ClaimedEvent> {
  const { product, verdict, paths } = situation
  const claim = parseObject(text)
  if (claim === undefined) return refuse('The input is not a JSON object.', kind)
  const label = String(claim['event_label'])
  const contracts = contractsOf(product).filter((one) => one.kind === kind)
  const contract = contracts.find(({ labels }) => labels.includes(label))
  if (contract === undefined) {
    const labels = contracts.flatMap((one) => one.labels)
    return refuse(`event_label must be one of ${labels.join(', ')}.`, kind)
  }
  const id = randomUuid()
  const event = {
    ...filledIn(situation, kind, claim),
    // Not for a host to choose: an event is its own, and its machine is this one.
    uuid: id,
    cid: verdict.collecting ? mintClientId(paths.clientId) : undefined,
  }
  const result = v.safeParse(contract.schema as v.GenericSchema, event)
  if (!result.success) return refuse(faultIn(result.issues[0]), kind)
  const bytes = contract.serialise(event)
  return bytes === undefined
    ? refuse('The input makes no event.', kind)
    : { ok: true, value: { id, bytes } }
}

type Claimed = Readonly<Record<string, unknown>>

function filledIn({ surroundings }: Situation, kind: Kind, claim: Claimed): Claimed {
  const { platform, arch } = surroundings
  if (kind === 'install') return { ...platformOf(platform, arch), release: 'unknown', ...claim }
  const payload = claim['payload']
  return {
    session_id: randomUuid(),
    ...runtimePlatformOf(platform, arch),
    ...claim,
    payload:
      typeof payload === 'object' ? { timestamp_ms: surroundings.now(), ...payload } : payload,
  }
}

const examples = {
  runtime: {
    event_label: 'runtime.run.finished',
    run_kind: 'script',
    payload: { duration_us: 4412, success: true },
  },
  install: { event_label: 'install_start', method: 'shell', platform: 'linux-x86_64' },
}

function refuse(fault: string, kind: keyof typeof examples): Parsed<never> {
  const example = JSON.stringify(examples[kind])
  return { ok: false, fault, hint: `Give one JSON object on stdin, for example: ${example}` }
}
