import {
  contractsOf,
  type EventContract,
  isObject,
  type JsonObject,
  type Kind,
  type Product,
  runmat,
} from 'runmat-telemetry/contract'

import { derivedIdentity, type Event, eventOf, noIdentity } from './event.ts'
import { limits } from './limits.ts'
import { copyOf, lacksStage, respell } from './spelling.ts'
import { flawIn, mayBeFlawed } from './strict-json.ts'
import { respellUsage } from './usage-spelling.ts'

/** Why a text is no event that we take. */
export interface Rejection {
  readonly reason: 'json' | 'field' | 'size'
  readonly error: string
  /** The field at fault, such as `payload.duration_us`. */
  readonly field?: string
}

export type Reading =
  /** `dropped`: the paths of what was there and is not in the event. */
  { readonly event: Event; readonly dropped: readonly string[] } | { readonly refusal: Rejection }

/** Reads one event, or says what is wrong with it. */
export type EventReader = (text: string, kinds: readonly Kind[]) => Reading

/** The contracts of one product, by what tells them apart. */
interface Contracts {
  readonly product: Product
  readonly labelled: ReadonlyMap<string, EventContract>
  /** Usage events have no label. */
  readonly unlabelled: EventContract | undefined
}

export function openReader(product: Product): EventReader {
  const all = contractsOf(product)
  const contracts: Contracts = {
    product,
    labelled: new Map(
      all.flatMap((contract) => contract.labels.map((label) => [label, contract] as const)),
    ),
    unlabelled: all.find(({ labels }) => labels.length === 0),
  }
  return (text, kinds) => readWith(contracts, text, kinds)
}

/** Reads RunMat's own events. */
export const readEvent: EventReader = openReader(runmat)

function readWith(contracts: Contracts, text: string, kinds: readonly Kind[]): Reading {
  if (text.length > limits.bytes) {
    return refusal('size', `an event may have ${limits.bytes} bytes`)
  }
  let claim: unknown
  try {
    claim = JSON.parse(text)
  } catch {
    return refusal('json', 'this is not valid JSON')
  }
  if (!isObject(claim)) return refusal('json', 'an event is a JSON object')
  return readAsIs(contracts, text, claim, kinds) ?? readFreely(contracts, text, claim, kinds)
}

/** The fast path: our own clients send the contract's bytes, which only need checking. */
function readAsIs(
  contracts: Contracts,
  text: string,
  claim: JsonObject,
  kinds: readonly Kind[],
): Reading | undefined {
  const contract = contractFor(contracts, claim, kinds)
  if (contract === undefined || !kinds.includes(contract.kind)) return undefined
  if (!hasIdentity(claim) || !contract.isExact(claim) || contract.isPreview(claim)) {
    return undefined
  }
  if (lacksStage(claim['payload'])) return undefined
  return JSON.stringify(claim) === text
    ? { event: eventOf(contracts.product.id, contract.kind, claim, text), dropped: [] }
    : undefined
}

/** The slow path: another order or spelling, unknown fields, or something missing. */
function readFreely(
  contracts: Contracts,
  text: string,
  claim: JsonObject,
  kinds: readonly Kind[],
): Reading {
  const flaw = mayBeFlawed(text, claim) ? flawIn(text) : undefined
  if (flaw?.kind === 'depth') return refusal('json', 'this is nested too deeply')
  if (flaw?.kind === 'twice') return refusal('json', 'a name stands twice', flaw.name.slice(0, 64))

  const { product } = contracts
  const respelled = product === runmat ? respell(claim) : respellUsage(product, claim)
  const contract = contractFor(contracts, respelled, kinds)
  if (contract === undefined) {
    const what = respelled['event_label'] === undefined ? 'is missing' : 'names no event we know'
    return refusal('field', `event_label ${what}`, 'event_label')
  }
  const { kind } = contract
  if (!kinds.includes(kind)) {
    return refusal('field', `this address takes ${kinds.join(', ')} events only`, 'event_label')
  }
  const named = hasIdentity(respelled)
  if (!named) respelled['uuid'] = noIdentity
  const fitted = contract.fit(respelled)
  if (fitted === undefined) {
    const { field = 'event_label' } = contract.faultIn(respelled, true) ?? {}
    return refusal('field', `${field} is missing, or does not fit the contract`, field)
  }
  const { fields, bytes } =
    named && hasIdentity(fitted) ? written(fitted) : withDerivedIdentity(contract, fitted)
  if (contract.isPreview(fields)) {
    return refusal('field', 'this is a preview, which is not for sending', previewField(fields))
  }
  return {
    event: eventOf(product.id, kind, fields, bytes),
    dropped: contract.droppedFrom(respelled, fitted),
  }
}

/** An event, and as the contract serialises it. */
interface Written {
  readonly fields: JsonObject
  readonly bytes: string
}

function written(fields: JsonObject): Written {
  return { fields, bytes: JSON.stringify(fields) }
}

/** An event without an id of its own gets one that is made from what it says. */
function withDerivedIdentity(contract: EventContract, event: JsonObject): Written {
  if (!hasIdentity(event)) {
    const uuid = derivedIdentity(JSON.stringify(withUuid(event, noIdentity)))
    return written(contract.fit(withUuid(event, uuid)) ?? event)
  }
  // The place that was kept for it is where the contract wants it.
  const nameless = JSON.stringify(event)
  event['uuid'] = derivedIdentity(nameless)
  return {
    fields: event,
    bytes: nameless.replace(`"uuid":"${noIdentity}"`, `"uuid":"${event['uuid'] as string}"`),
  }
}

function withUuid(event: JsonObject, uuid: string): JsonObject {
  const copy = copyOf(event)
  copy['uuid'] = uuid
  return copy
}

/** Usage events have no label. An event without one is a usage event if its fields suggest so. */
function contractFor(
  { labelled, unlabelled }: Contracts,
  claim: JsonObject,
  kinds: readonly Kind[],
): EventContract | undefined {
  const { event_label: label, event_id: id, payload_schema_version: version } = claim
  if (label !== undefined) return labelled.get(label as string)
  const only = kinds.length === 1 && kinds[0] === 'usage'
  return only || id !== undefined || version !== undefined ? unlabelled : undefined
}

function hasIdentity({ uuid, event_id: id }: JsonObject): boolean {
  return (uuid ?? id ?? undefined) !== undefined
}

/** What makes a preview of an event. */
function previewField({ trigger, install_id: install, cid }: JsonObject): string | undefined {
  if (trigger === 'preview') return 'trigger'
  if (isNil(install)) return 'install_id'
  return isNil(cid) ? 'cid' : undefined
}

function isNil(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('00000000-0000-0000')
}

function refusal(reason: Rejection['reason'], error: string, field?: string): Reading {
  return { refusal: { reason, error, ...(field !== undefined && { field }) } }
}
