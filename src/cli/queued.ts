import { eventIdIn } from '../contract/event-id.ts'
import type { Kind } from '../contract/contract.ts'
import { eventContracts, recognise } from '../contract/contracts.ts'
import { listQueue } from '../store/queue.ts'
import { type Queued, readQueued } from '../store/queued-event.ts'
import { requireListed } from './access.ts'
import { CliError } from './error.ts'
import type { Invocation } from './invocation.ts'
import type { Io } from './io.ts'
import { paintJson } from './paint-json.ts'
import { plural } from './words.ts'

/** The exact bytes, or in a terminal, unless they are asked for, a form for people to read. */
export function show({ io, ink }: Invocation, bytes: string, { json, raw }: Form): void {
  const exact = json || raw || !io.outIsTerminal
  io.out(`${exact ? bytes : paintJson(bytes, ink)}\n`)
}

interface Form {
  readonly json?: boolean
  readonly raw?: boolean
}

/** What waits, of one family or of all, as it will be sent: one event a line, but in a terminal. */
export function printQueued(invocation: Invocation, form: Form, kind?: Kind): void {
  const { io, product } = invocation
  const contracts = eventContracts(product).filter((one) => one.kind === kind)
  requireListed(invocation.context)
  let events = 0
  let others = 0
  let unread = 0
  for (const queued of waiting(invocation)) {
    if (isOther(queued)) others += 1
    if (queued.kind === 'unread') unread += 1
    if (queued.kind !== 'event') continue
    if (kind !== undefined && recognise(contracts, queued.bytes) === undefined) continue
    show(invocation, queued.bytes, form)
    events += 1
  }
  if (events > 0) sayItWaits(io)
  else if (unread === 0) io.err(`${noneText(kind)}\n`)
  if (unread > 0) io.err(`${unreadText(unread)}\n`)
  if (others > 0) io.err(`${othersText(others)}\n`)
}

function noneText(kind: Kind | undefined): string {
  return kind === undefined
    ? 'Nothing is waiting to be sent.'
    : `No ${kind} event is waiting to be sent.`
}

/** In a terminal the bytes look like something that has just happened. */
export function sayItWaits({ outIsTerminal, err }: Io): void {
  if (outIsTerminal) err('This is what is waiting. Nothing was sent now.\n')
}

/** How many files of the queue hold no event, or none yet. */
export function othersWaiting(invocation: Invocation): number {
  return [...waiting(invocation)].filter(isOther).length
}

function isOther({ kind }: Queued): boolean {
  return kind === 'foreign' || kind === 'unfinished'
}

export function othersText(count: number): string {
  const files = count === 1 ? '1 file in the queue holds' : `${count} files in the queue hold`
  return `${files} no event, and ${count === 1 ? 'is' : 'are'} not sent.`
}

function unreadText(count: number): string {
  return `${plural(count, 'file')} in the queue can't be read at this moment, and may be sent later.`
}

/** An event's id, or enough of its beginning to tell it from others. */
export function isEventId(text: string): boolean {
  const dashed = text.toLowerCase()
  const shape = '00000000-0000-4000-8000-000000000000'
  if (dashed.length < shortestPrefix || dashed.length > shape.length) return false
  return Array.from(dashed).every((char, at) =>
    shape[at] === '-' ? char === '-' : /^[0-9a-f]$/.test(char),
  )
}

/** Fewer characters would be a word or a number as easily. */
export const shortestPrefix = 4

/** The bytes of those that wait under this id, or under ids that begin so. */
export function queuedEvents(invocation: Invocation, id: string): readonly string[] {
  const found: string[] = []
  let unread = 0
  for (const queued of waiting(invocation)) {
    if (queued.kind === 'unread') unread += 1
    if (queued.kind === 'event' && hasIdLike(queued.bytes, id.toLowerCase())) {
      found.push(queued.bytes)
    }
  }
  if (found.length === 0 && unread > 0) throw new CliError(unreadText(unread))
  return found
}

function hasIdLike(bytes: string, beginning: string): boolean {
  const id = eventIdIn(JSON.parse(bytes))
  return typeof id === 'string' && id.startsWith(beginning)
}

function* waiting({ product, context, environment }: Invocation) {
  const contracts = eventContracts(product)
  for (const { path } of listQueue(context.paths.queue)) {
    yield readQueued(path, contracts, environment.now())
  }
}
