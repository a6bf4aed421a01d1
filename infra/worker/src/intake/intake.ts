import type { Kind } from 'runmat-telemetry/contract'
import { mayBeErasure, readErasure } from 'runmat-telemetry-common/events/erasure'
import type { Event } from 'runmat-telemetry-common/events/event'
import type { EventReader, Rejection } from 'runmat-telemetry-common/events/reader'
import { linesOf, textOf } from 'runmat-telemetry-common/events/text'

import { limits } from '../limits.ts'
import type { Metrics } from '../metrics.ts'
import { type Answer, combine, later, type Reason, refuse, stored, tooLarge } from './answer.ts'
import { type DebugTags, isDebugTag } from './debug-tags.ts'
import type { Erase } from './erase.ts'
import type { KeyCheck } from './key.ts'
import type { RateLimit } from './rate-limit.ts'

/** What we know about a request before reading its body. */
export interface Head {
  /** The kinds of event that its address takes. */
  readonly kinds: readonly Kind[]
  readonly read: EventReader
  /** Whether all its events need no key. */
  readonly isKeyless: boolean
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly contentLength: string | undefined
  readonly key: string | undefined
  /** Its events are shown under the tag, and are not stored. */
  readonly debugTag: string | undefined
  /** Read only without a key and to erase, and never kept. */
  readonly address: () => string
}

/** Permission to send the body. */
export interface Admission {
  readonly kinds: readonly Kind[]
  readonly read: EventReader
  readonly isKeyless: boolean
  readonly many: boolean
  readonly maxBytes: number
  /** Undefined unless the operator allows debug tags. */
  readonly debugTag: string | undefined
  /** Set for senders without a key, who may send only what needs none, and not too much. */
  readonly take: ((events: number) => number) | undefined
  readonly address: () => string
}

export interface Intake {
  readonly admit: (head: Head) => Admission | Answer
  readonly accept: (admission: Admission, body: Buffer) => Answer | Promise<Answer>
  readonly note: (answer: Answer) => void
}

export interface IntakeOptions {
  readonly checkKey: KeyCheck
  readonly rateLimit: RateLimit
  readonly maxBodyBytes: number
  readonly commit: (event: Event) => Promise<Answer>
  readonly erase: Erase
  readonly metrics: Metrics
  /** Undefined unless the operator allows debug tags. */
  readonly debugTags: DebugTags | undefined
  /** Called for everything that wasn't stored. */
  readonly refused: (reason: Reason, field?: string) => void
}

/** Decides who may send, reads the events and commits them. Moving bytes is left to http/. */
export function openIntake(options: IntakeOptions): Intake {
  const { checkKey, rateLimit, maxBodyBytes, commit, erase, metrics, debugTags } = options

  const admit = (head: Head): Admission | Answer => {
    const { kinds, read, isKeyless, address } = head
    const needsNone = isKeyless || (kinds.length === 1 && kinds[0] === 'install')
    const standing = needsNone ? 'none' : checkKey(head.key)
    if (standing === 'wrong') return wrongKey
    if (standing === 'none' && !needsNone && !kinds.includes('install')) return missingKey
    const { contentEncoding: encoding, contentLength: length } = head
    if (encoding !== undefined && !/^(identity)?$/i.test(encoding)) return encoded
    const form = formOf(head.contentType)
    if (form === undefined) return wrongType
    const many = form === 'ndjson'
    const isLong = many || isKeyless
    const maxBytes = standing === 'none' ? keylessBytes(isLong) : maxBodyBytes
    if (length !== undefined && Number(length) > maxBytes) return tooLarge(maxBytes)
    const debugTag = debugTags && head.debugTag
    if (debugTag !== undefined && !isDebugTag(debugTag)) return wrongTag
    const take = standing === 'none' ? takenFrom(address()) : undefined
    const wait = take?.(1) ?? 0
    if (wait > 0) return tooMany(wait)
    return { kinds, read, isKeyless, many, maxBytes, debugTag, take, address }
  }

  const takenFrom = (address: string) => (events: number) => rateLimit.take(address, events)

  const keylessBytes = (isLong: boolean): number => {
    const { eventBytes, linesBytes } = limits.keylessBody
    return Math.min(maxBodyBytes, isLong ? linesBytes : eventBytes)
  }

  /** Undefined if this is another event. */
  const eraseBy = (admission: Admission, text: string): Answer | Promise<Answer> | undefined => {
    const reading = mayBeErasure(text) ? readErasure(text) : undefined
    if (reading === undefined) return undefined
    if (admission.take !== undefined && !admission.isKeyless) return missingKey
    if ('refusal' in reading) return refusalOf(reading.refusal)
    return erase(reading.erasure, admission.address())
  }

  const acceptOne = (admission: Admission, text: string): Answer | Promise<Answer> => {
    const { debugTag } = admission
    const erasing = debugTag === undefined ? eraseBy(admission, text) : undefined
    if (erasing !== undefined) return erasing
    const reading = admission.read(text, admission.kinds)
    if (debugTag !== undefined) debugTags?.keep(debugTag, text, reading)
    if ('refusal' in reading) return refusalOf(reading.refusal)
    const { event, dropped } = reading
    const needsKey = !admission.isKeyless && event.family !== 'install'
    if (admission.take !== undefined && needsKey) return missingKey
    if (debugTag !== undefined) return stored
    metrics.droppedFields.note(dropped)
    return commit(event)
  }

  const acceptLines = async (admission: Admission, text: string): Promise<Answer> => {
    const lines = linesOf(text, limits.events)
    if (lines === undefined) return refuse('size', `a request may have ${limits.events} events`)
    if (lines.length === 0) return empty
    const wait = admission.take?.(lines.length - 1) ?? 0
    if (wait > 0) return tooMany(wait)
    const answers = await Promise.all(
      lines.map(async (one) => ({
        line: one.line,
        answer: await acceptOne(admission, one.text),
      })),
    )
    return combine(answers)
  }

  return {
    admit,
    accept: (admission, body) => {
      const text = textOf(body)
      if (text === undefined) return refuse('json', 'this is not UTF-8')
      if (admission.many) return acceptLines(admission, text)
      return text.trim() === '' ? empty : acceptOne(admission, text)
    },
    note: ({ body }) => {
      if (body === undefined) return
      const refusals = 'lines' in body ? body.lines : [body]
      for (const { reason, field } of refusals) {
        metrics.rejected[reason] += 1
        // For other reasons the field may be any text from the sender, which must not be logged.
        options.refused(reason, reason === 'field' ? field : undefined)
      }
    },
  }
}

const wrongKey = refuse('key', 'the key in x-telemetry-key is not one of ours')
const missingKey = refuse('key', 'all but install events need a key in x-telemetry-key')
const wrongTag = refuse(
  'field',
  'a debug tag has up to 64 letters, digits, hyphens, underscores and dots',
  'x-debug-tag',
)
const encoded = refuse('encoding', 'send the body as it is, without Content-Encoding')
const wrongType = refuse('type', 'send application/json, or application/x-ndjson for many events')
const empty = refuse('empty', 'there is no event in this request')

function refusalOf({ reason, error, field }: Rejection): Answer {
  return refuse(reason, error, field)
}

function tooMany(waitMs: number): Answer {
  return later('rate', 'too many events without a key from your network', waitMs)
}

/** Only the charset parameter matters. */
function formOf(contentType: string | undefined): 'json' | 'ndjson' | undefined {
  if (contentType === 'application/json') return 'json'
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='))
  if (charset !== undefined && !/^charset="?(utf-?8|us-ascii)"?$/.test(charset)) return undefined
  switch (type.trim()) {
    case 'application/json':
      return 'json'
    case 'application/x-ndjson':
    case 'application/ndjson':
    case 'application/jsonl':
      return 'ndjson'
    default:
      return undefined
  }
}
