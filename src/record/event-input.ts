import { isObject } from '../contract/check.ts'
import type { Kind } from '../contract/contract.ts'
import { eventContracts } from '../contract/contracts.ts'
import { platformOf, runtimePlatformOf } from '../contract/platform.ts'
import { ownIdentifier } from '../contract/runtime.ts'
import { newUuid } from '../files/uuid.ts'
import type { Product } from '../product/product.ts'
import type { Parsed } from '../settings/address.ts'
import type { Context } from '../settings/context.ts'
import { mintClientId } from '../store/client-id.ts'
import { faultText, parseObject } from './usage-input.ts'

export interface AcceptedEvent {
  readonly id: string
  readonly bytes: string
  /** The id is derived from the run, so that recording the same event again gives the same id. */
  readonly mayBeRepeated: boolean
}

/**
 * Makes an event of a run or an installation from the input of a host in another language. Fills in
 * ids, platform and times, and names the field of anything that does not fit.
 */
export function readEventInput(
  context: Context,
  kind: Exclude<Kind, 'usage'>,
  text: string,
): Parsed<AcceptedEvent> {
  const { product, verdict, paths } = context
  const input = parseObject(text)
  if (input === undefined) return refuse('The input is not a JSON object.', kind)
  const label = input['event_label']
  const contracts = eventContracts(product).filter((one) => one.kind === kind)
  const contract = contracts.find((one) => one.labels.some((name) => name === label))
  // The start and the end of a run have a contract each.
  const labels = contracts.flatMap((one) => one.labels)
  if (contract === undefined)
    return refuse(`event_label must be one of ${labels.join(', ')}.`, kind)
  const index = labels.findIndex((one) => one === label)
  const own = kind === 'runtime' ? idInSession(input['session_id'], index) : undefined
  const id = own ?? newUuid()
  // A host chooses neither the id of an event nor that of its machine.
  const event = { ...filledIn(context, kind, input), uuid: id, cid: undefined }
  const fault = contract.faultIn(event)
  if (fault !== undefined) return refuse(faultText(fault), kind)
  // Only now: input that is refused, or never sent, must not make an id.
  const cid = verdict.uploading ? mintClientId(paths.clientId) : undefined
  const bytes = contract.serialise({ ...event, cid })
  return bytes === undefined
    ? refuse('The input makes no event.', kind)
    : { ok: true, value: { id, bytes, mayBeRepeated: own !== undefined } }
}

/** The id of a run's first or second event. Undefined for a session whose id is no UUID. */
function idInSession(session: unknown, index: number): string | undefined {
  const [, start, end] =
    /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{4})([0-9a-f]{8})$/.exec(String(session)) ?? []
  if (start === undefined || end === undefined) return undefined
  const changed = (Number.parseInt(end, 16) ^ (index + 1)) >>> 0
  return start + changed.toString(16).padStart(8, '0')
}

type Input = Readonly<Record<string, unknown>>

function filledIn({ environment, product }: Context, kind: Kind, input: Input): Input {
  const { platform, arch } = environment
  if (kind === 'install') return { ...platformOf(platform, arch), release: 'unknown', ...input }
  const payload = input['payload']
  return {
    session_id: newUuid(),
    ...runtimePlatformOf(platform, arch),
    ...input,
    payload: isObject(payload)
      ? { timestamp_ms: environment.now(), ...withOwnIdentifiers(product, payload) }
      : payload,
  }
}

/** An identifier that a user's own program has chosen does not leave this machine. */
function withOwnIdentifiers({ runtime }: Product, payload: Input): Input {
  const known: Record<string, unknown> = { ...payload }
  for (const name of ['error', 'runtime.failure.code']) {
    if (runtime && typeof known[name] === 'string')
      known[name] = ownIdentifier(runtime, known[name])
  }
  return known
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
