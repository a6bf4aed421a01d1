import { type Contract, contractsOf, type Kind, runmat } from 'runmat-telemetry/contract'

import { derivedIdentity, type Event, eventOf, noIdentity } from './event.ts'
import { limits } from './limits.ts'
import type { Schema } from './schema.ts'
import { type Fields, type Findings, isObject, type Shape, shapeOf } from './shape.ts'
import { respell } from './spelling.ts'
import { flawIn } from './strict-json.ts'

/** Why a text is no event that we take. */
export interface Rejection {
  readonly reason: 'json' | 'field' | 'size'
  readonly error: string
  /** The field at fault, such as `payload.duration_us`. */
  readonly field?: string
}

export type Reading =
  | { readonly event: Event; readonly dropped: number }
  | { readonly refusal: Rejection }

interface Family {
  readonly contract: Contract
  readonly shape: Shape
}

// The schemas never change, so they are compiled once.
const families = contractsOf(runmat).map((contract) => ({
  contract,
  shape: shapeOf(contract.schema as Schema),
}))
const labelled = new Map(
  families.flatMap((family) => family.contract.labels.map((label) => [label, family] as const)),
)
const unlabelled = families.find(({ contract }) => contract.labels.length === 0)

/** Reads one event, or says what is wrong with it. */
export function readEvent(text: string, kinds: readonly Kind[]): Reading {
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
  return readAsIs(text, claim, kinds) ?? readFreely(text, claim, kinds)
}

/** The fast path: our own clients send the contract's bytes, which only need checking. */
function readAsIs(text: string, claim: Fields, kinds: readonly Kind[]): Reading | undefined {
  const family = familyOf(claim, kinds)
  if (family === undefined || !kinds.includes(family.contract.kind)) return undefined
  if (!hasIdentity(claim) || !family.shape.isExact(claim) || isPreview(family, claim)) {
    return undefined
  }
  return JSON.stringify(claim) === text
    ? { event: eventOf(family.contract.kind, claim, text), dropped: 0 }
    : undefined
}

/** The slow path: another order or spelling, unknown fields, or something missing. */
function readFreely(text: string, claim: Fields, kinds: readonly Kind[]): Reading {
  const flaw = flawIn(text)
  if (flaw?.kind === 'depth') return refusal('json', 'this is nested too deeply')
  if (flaw?.kind === 'twice') return refusal('json', 'a name stands twice', flaw.name.slice(0, 64))

  const respelled = respell(claim)
  const family = familyOf(respelled, kinds)
  if (family === undefined) {
    const what = respelled['event_label'] === undefined ? 'is missing' : 'names no event we know'
    return refusal('field', `event_label ${what}`, 'event_label')
  }
  const { kind } = family.contract
  if (!kinds.includes(kind)) {
    return refusal('field', `this address takes ${kinds.join(', ')} events only`, 'event_label')
  }
  const named = hasIdentity(respelled)
  const findings: Findings = { dropped: 0, fault: undefined }
  let fields = family.shape.fit(named ? respelled : { ...respelled, uuid: noIdentity }, findings)
  if (fields === undefined) {
    const { fault = 'event_label' } = findings
    return refusal('field', `${fault} is missing, or does not fit the contract`, fault)
  }
  if (!named || !hasIdentity(fields)) {
    const nameless = { ...fields, uuid: noIdentity }
    const uuid = derivedIdentity(JSON.stringify(nameless))
    fields = family.shape.fit({ ...nameless, uuid }, { dropped: 0, fault: undefined }) ?? fields
  }
  const bytes = JSON.stringify(fields)
  if (isPreview(family, fields)) {
    return refusal('field', 'this is a preview, which is not for sending', previewField(fields))
  }
  return { event: eventOf(kind, fields, bytes), dropped: findings.dropped }
}

/** Usage events have no label. An event without one is a usage event if its fields suggest so. */
function familyOf(claim: Fields, kinds: readonly Kind[]): Family | undefined {
  const { event_label: label, event_id: id, payload_schema_version: version } = claim
  if (label !== undefined) return labelled.get(label as string)
  const only = kinds.length === 1 && kinds[0] === 'usage'
  return only || id !== undefined || version !== undefined ? unlabelled : undefined
}

function hasIdentity({ uuid, event_id: id }: Fields): boolean {
  return (uuid ?? id ?? undefined) !== undefined
}

/** Asking the contract is expensive, so only suspicious events are checked with it. */
function isPreview({ contract }: Family, fields: Fields): boolean {
  return previewField(fields) !== undefined && contract.recognise(fields) === undefined
}

function previewField({ trigger, install_id: install, cid }: Fields): string | undefined {
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
