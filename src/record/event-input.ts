import * as v from 'valibot'

import type { Kind } from '../contract/contract.ts'
import { contractsOf } from '../contract/contracts.ts'
import { platformOf, runtimePlatformOf } from '../contract/platform.ts'
import { newUuid } from '../files/uuid.ts'
import type { Parsed } from '../settings/address.ts'
import type { Context } from '../settings/context.ts'
import { mintClientId } from '../store/client-id.ts'
import { faultIn, parseObject } from './usage-input.ts'

export interface AcceptedEvent {
  readonly id: string
  readonly bytes: string
}

/**
 * Makes an event of a run or an installation from what a host in another language says: ids,
 * platform and times are filled in, and anything that does not fit is refused by name.
 */
export function readEventInput(
  context: Context,
  kind: Exclude<Kind, 'usage'>,
  text: string,
): Parsed<AcceptedEvent> {
  const { product, verdict, paths } = context
  const input = parseObject(text)
  if (input === undefined) return refuse('The input is not a JSON object.', kind)
  const label = String(input['event_label'])
  const contracts = contractsOf(product).filter((one) => one.kind === kind)
  const contract = contracts.find(({ labels }) => labels.includes(label))
  if (contract === undefined) {
    const labels = contracts.flatMap((one) => one.labels)
    return refuse(`event_label must be one of ${labels.join(', ')}.`, kind)
  }
  const id = newUuid()
  const eventOf = (clientId: string) => ({
    ...filledIn(context, kind, input),
    // Not for a host to choose: an event is its own, and its machine is this one.
    uuid: id,
    cid: clientId,
  })
  // No id is made for what is refused, nor where nothing may leave: any other does for the check.
  const result = v.safeParse(contract.schema as v.GenericSchema, eventOf(id))
  if (!result.success) return refuse(faultIn(result.issues[0]), kind)
  const bytes = contract.serialise(eventOf(verdict.uploading ? mintClientId(paths.clientId) : id))
  return bytes === undefined
    ? refuse('The input makes no event.', kind)
    : { ok: true, value: { id, bytes } }
}

type Input = Readonly<Record<string, unknown>>

function filledIn({ environment }: Context, kind: Kind, input: Input): Input {
  const { platform, arch } = environment
  if (kind === 'install') return { ...platformOf(platform, arch), release: 'unknown', ...input }
  const payload = input['payload']
  return {
    session_id: newUuid(),
    ...runtimePlatformOf(platform, arch),
    ...input,
    payload:
      typeof payload === 'object' ? { timestamp_ms: environment.now(), ...payload } : payload,
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
