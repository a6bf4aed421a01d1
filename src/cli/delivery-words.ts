import type { Context } from '../settings/context.ts'
import type { Status } from './commands/status.ts'
import type { Sent } from '../store/ledger-lines.ts'
import { printable } from './io.ts'
import { span } from './time.ts'
import { plural } from './words.ts'

/** What became of the last delivery, in words; undefined where there is nothing to tell. */
export function lastAttempt(context: Context, status: Status, now: number): string | undefined {
  const { last_result: result, next_attempt: next } = status.uploader
  if (result === null || result.startsWith('delivered ') || !context.verdict.uploading)
    return undefined
  const { events } = status.queue
  const kept = events === 0 ? '' : ` ${keptText(events, { context, result, next, now })}`
  return `${troubleText(result, hostOf(status.endpoint.url), context)}${kept}`
}

/** An end of a post or of a session, as `last_result` and `reason` spell it, for people. */
export function troubleText(result: string, host: string, context: Context): string {
  const [, status] = /^the collector answered (\d+)$/.exec(result) ?? []
  if (status !== undefined) return answerText(Number(status), host, context)
  const [, failure] = /^failed: (.+)$/.exec(result) ?? []
  if (failure !== undefined) return failureText(failure, host)
  if (result === 'another uploader is running') return 'Another uploader is sending them right now.'
  return printable(`Delivery ended early: ${result}.`)
}

/** What a status code says about the events. Only 204 means that they arrived for good. */
function answerText(status: number, host: string, context: Context): string {
  switch (status) {
    case 401:
    case 403:
      return keyText(status, host, context)
    case 404:
      return `${host} has no collector at this address (404). Check the endpoint.`
    case 410:
      return `${host} asked this version to send nothing more (410).`
    case 413:
      return `${host} says the event is too large (413).`
    case 429:
      return `${host} asked for a pause (429).`
    case 503:
      return `${host} is temporarily unavailable (503).`
  }
  if (status >= 200 && status < 300) {
    return `The collector accepts events but does not confirm them (${status}).`
  }
  if (status >= 300 && status < 400)
    return `${host} answers with a redirect (${status}), which is not followed.`
  if (status >= 500) return `${host} reported an internal error (${status}).`
  return `${host} refused the event (${status}).`
}

/** What is wrong with the key, and where another may come from. */
function keyText(status: number, host: string, { key, product }: Context): string {
  const refused = `${host} does not accept the ingestion key (${status}).`
  const variable = product.ingestionKey?.variable
  if (variable === undefined) return refused
  if (key.state === 'embedded') return `${refused} A newer version may have another.`
  return key.state === 'environment'
    ? `${refused} Check ${variable}.`
    : `${host} wants an ingestion key (${status}), and there is none here. Set ${variable}.`
}

const causes: Readonly<Record<string, string>> = {
  refused: 'connection refused',
  reset: 'the connection was reset',
  timeout: 'no answer in time',
  'name not found': 'the name is not known',
  certificate: 'its certificate is not trusted',
  tls: 'no secure connection could be made',
  protocol: 'the answer was not HTTP',
  unreachable: 'the network is unreachable',
  network: 'a network error',
}

function failureText(failure: string, host: string): string {
  if (failure.startsWith('proxy'))
    return `The proxy on the way to ${host} failed (${printable(failure)}).`
  return `Could not reach ${host} (${causes[failure] ?? printable(failure)}).`
}

/** What became of an event that left. */
export function answerOf({ confirmed, via }: Pick<Sent, 'confirmed' | 'via'>): string {
  if (confirmed !== false) return 'confirmed (204)'
  return via === 'udp' ? 'UDP, unconfirmed' : 'not confirmed'
}

export interface LastResult {
  readonly context: Context
  readonly result: string | null
  readonly next: string | null
  readonly now: number
}

/** No process waits until it may try again: the next one that records something tries. */
export function keptText(events: number, { context, result, next, now }: LastResult): string {
  const kept = `${plural(events, 'event')} kept`
  if (!/^(failed:|the collector answered) /.test(result ?? '')) return `${kept}.`
  const wait = Date.parse(next ?? '') - now
  const when = wait > 0 ? `in about ${span(wait)} at the earliest` : 'later'
  return `${kept}; next try ${when}, when ${context.product.name} runs.`
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : printable(url)
}
