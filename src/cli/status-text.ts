import { existsSync } from 'node:fs'

import type { Invocation } from './invocation.ts'
import { printable } from './io.ts'
import type { Status } from './commands/status.ts'
import { alsoBecause, because, headline, hostWarning, plural, tidy, wayOut } from './words.ts'

/**
 * The state for people: the verdict first, then what lies where, then what to do. Every line is a
 * sentence or `Name: value`, so that it reads the same aloud, without colour and on 60 columns.
 */
export function statusText(status: Status, invocation: Invocation): string {
  const { ink, context } = invocation
  const paint = status.uploading ? ink.good : ink.strong
  return [
    paint(headline(context)),
    because(context),
    ...alsoBecause(context).map((reason) => `Also: ${reason}`),
    ...hostWarning(context).map((line) => ink.strong(line)),
    ...(status.erase === null
      ? []
      : [
          ink.strong(
            `Still to be erased at the collector, since ${printable(status.erase.since)}.`,
          ),
          `To ask again: ${ink.name(`${context.product.command} forget`)}`,
        ]),
    '',
    ink.strong('On this machine'),
    ...places(status, invocation).map((line) => `  ${line}`),
    ...hostSection(status, invocation),
    '',
    ink.strong('Delivery'),
    ...delivery(status, invocation).map((line) => `  ${line}`),
    '',
    ...nextSteps(status, invocation),
    '',
  ].join('\n')
}

function places({ paths, client_id }: Status, { context, ink }: Invocation): readonly string[] {
  const place = (name: string, file: string) =>
    `${name}: ${tidy(file, context)}${existsSync(file) ? '' : ink.faint(' (not yet)')}`
  return [
    `Client id: ${client_id ?? 'none yet'}`,
    place('  kept in', paths.client_id),
    place('Settings', paths.settings),
    place('Statistics', paths.stats),
    place('Queue', paths.queue),
    place('Sent', paths.sent),
  ]
}

/** What the product's own program does in this folder. */
function hostSection({ host }: Status, { context, product, ink }: Invocation): readonly string[] {
  if (host === null) return []
  const { reads, enabled, http_endpoint: http, udp_endpoint: udp } = host
  return [
    '',
    ink.strong(`${product.name} itself, in this folder`),
    `  Reads: ${reads === null ? 'no settings file' : tidy(reads, context)}`,
    `  Telemetry: ${enabled ? 'on' : 'off'}`,
    ...(enabled && http !== null ? [`  Posts to: ${printable(http)}`] : []),
    ...(enabled && udp !== null ? [`  UDP: ${printable(udp)}`] : []),
  ]
}

function delivery(status: Status, { context }: Invocation): readonly string[] {
  const { endpoint, udp_endpoint: udp, queue, sent, uploader } = status
  const { runtimeEndpoint } = context.choices
  const from = (source: string) => tidy(source, context)
  return [
    `Endpoint: ${printable(endpoint.url)} (${from(endpoint.source)})`,
    ...(runtimeEndpoint.value === endpoint.url
      ? []
      : [
          `Runs in this folder: ${printable(runtimeEndpoint.value)} (${from(runtimeEndpoint.source)})`,
        ]),
    ...(udp.address === null ? [] : [`UDP: ${printable(udp.address)} (${from(udp.source)})`]),
    ...(context.product.ingestionKey ? [`Ingestion key: ${status.ingestion_key}`] : []),
    `Waiting: ${waiting(queue)}`,
    `Sent: ${sent.last === null ? 'nothing yet' : `${plural(sent.events, 'event')}, last at ${printable(sent.last)}`}`,
    ...(uploader.running ? [`Uploader: running as process ${uploader.pid}`] : []),
    ...(uploader.last_result === null
      ? []
      : [`Last attempt: ${printable(`${uploader.last_attempt}, ${uploader.last_result}`)}`]),
    ...(uploader.next_attempt === null
      ? []
      : [`Next attempt: not before ${printable(uploader.next_attempt)}`]),
  ]
}

function waiting({ events, bytes, oldest, dropped }: Status['queue']): string {
  const lost = dropped === 0 ? '' : `; ${plural(dropped, 'older event')} gave way`
  if (events === 0) return `nothing${lost}`
  return `${plural(events, 'event')}, ${plural(bytes, 'byte')}, oldest from ${oldest}${lost}`
}

function nextSteps({ rules }: Status, { product, ink, context }: Invocation): readonly string[] {
  const command = (name: string) => ink.name(`${product.command} ${name}`)
  const saysNo = (name: string) =>
    rules.some(({ rule, effect }) => rule === name && effect !== 'none')
  return [
    `See what would be sent: ${command('print')}`,
    saysNo('user_settings')
      ? `Turn it on: ${command('enable')}`
      : `Turn it off for good: ${command('disable')}`,
    ...wayOut(context),
  ]
}
