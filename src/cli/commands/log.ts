import { readLedger } from '../../store/ledger.ts'
import type { Invocation } from '../invocation.ts'
import { printable, toJson } from '../io.ts'
import { plural, tidy } from '../words.ts'

/** What was sent, newest first, with the very bytes. */
export function log({ io, ink, context }: Invocation, { json }: { json?: boolean }): void {
  const { ledger } = context.paths
  const sent = readLedger(ledger)
  if (json) {
    io.out(toJson(sent))
    return
  }
  const lines = sent.flatMap(({ sent_at, endpoint, event }) => [
    ink.strong(printable(`${sent_at} to ${endpoint}`)),
    printable(JSON.stringify(event)),
    '',
  ])
  const summary =
    sent.length === 0
      ? 'Nothing was sent from this machine.'
      : `${plural(sent.length, 'event')}, newest first, from ${tidy(ledger, context)}`
  io.out(`${[...lines, summary].join('\n')}\n`)
}
