import { type Broker, openBroker, type StreamSession } from './broker.ts'
import { type DeadLetter, deadLetters, replay } from './dead-letter.ts'
import { namesOf } from './names.ts'
import type { BufferSettings } from './settings.ts'

export interface DeadLetterRequest {
  readonly action: 'list' | 'replay'
  readonly sink: string | undefined
}

export const usage = `Usage: dead-letters list [sink]      prints the events that sinks refused, one JSON object a line
       dead-letters replay [sink]    delivers them again and removes them from the list
`

/** Undefined if the words make no valid request. */
export function requestOf(words: readonly string[]): DeadLetterRequest | undefined {
  const [action, sink, ...more] = words
  if ((action !== 'list' && action !== 'replay') || more.length > 0) return undefined
  return sink === undefined || /^[a-z0-9]+$/.test(sink) ? { action, sink } : undefined
}

export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

/** How long to wait for the servers. */
const patienceMs = 10_000

/** Runs the command and returns the exit code. */
export async function deadLetterCommand(
  settings: BufferSettings,
  { action, sink }: DeadLetterRequest,
  { out, err }: Output,
): Promise<number> {
  const broker = openBroker({
    settings,
    purpose: 'operate',
    prepare: () => Promise.resolve(),
    note: () => undefined,
  })
  try {
    const session = await sessionOf(broker)
    if (session === undefined) {
      err(broker.trouble().cause)
      return 1
    }
    return action === 'list'
      ? await list(session, settings, sink, out)
      : await replayAll(session, settings, sink, { out, err })
  } finally {
    await broker.close()
  }
}

async function sessionOf(broker: Broker): Promise<StreamSession | undefined> {
  const end = performance.now() + patienceMs
  while (broker.session() === undefined && performance.now() < end) {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      broker.change(),
      new Promise((resolve) => {
        timer = setTimeout(resolve, 250)
      }),
    ])
    clearTimeout(timer)
  }
  return broker.session()
}

async function list(
  { manager }: StreamSession,
  { stream }: BufferSettings,
  sink: string | undefined,
  out: Output['out'],
): Promise<number> {
  for await (const letter of deadLetters(manager, namesOf(stream), sink)) out(lineOf(letter))
  return 0
}

async function replayAll(
  { manager, publisher }: StreamSession,
  { stream }: BufferSettings,
  sink: string | undefined,
  { out, err }: Output,
): Promise<number> {
  const names = namesOf(stream)
  let given = 0
  let kept = 0
  for await (const letter of deadLetters(manager, names, sink)) {
    if (await replay(manager, publisher, names, letter)) given += 1
    else kept += 1
  }
  out(JSON.stringify({ replayed: given, kept }))
  if (kept > 0) err('the buffer did not take every event; the rest stays on the list')
  return kept > 0 ? 1 : 0
}

function lineOf({ sequence, sink, product, reason, setAside, event }: DeadLetter): string {
  return JSON.stringify({ sequence, sink, product, reason, set_aside: setAside, event })
}
