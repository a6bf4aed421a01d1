import type { BufferSettings } from '../../../common/buffer-settings.ts'
import { type Broker, openBroker, type Session } from './broker.ts'
import { type DeadLetter, deadLetters, replay } from './dead-letter.ts'
import { namesOf } from './names.ts'

export interface Request {
  readonly action: 'list' | 'replay'
  readonly sink: string | undefined
}

export const usage = `Usage: dead-letters list [sink]      prints what sinks refused, one JSON object a line
       dead-letters replay [sink]    gives it to them once more, and takes it off the list
`

/** Undefined for what is no request. */
export function requestOf(words: readonly string[]): Request | undefined {
  const [action, sink, ...more] = words
  if ((action !== 'list' && action !== 'replay') || more.length > 0) return undefined
  return sink === undefined || /^[a-z0-9]+$/.test(sink) ? { action, sink } : undefined
}

export interface Voice {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

/** How long the servers may take to be there. */
const patienceMs = 10_000

/** Carries it out, and gives the exit code. */
export async function deadLetterCommand(
  settings: BufferSettings,
  { action, sink }: Request,
  { out, err }: Voice,
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

async function sessionOf(broker: Broker): Promise<Session | undefined> {
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
  { manager }: Session,
  { stream }: BufferSettings,
  sink: string | undefined,
  out: Voice['out'],
): Promise<number> {
  for await (const letter of deadLetters(manager, namesOf(stream), sink)) out(lineOf(letter))
  return 0
}

async function replayAll(
  { manager, publisher }: Session,
  { stream }: BufferSettings,
  sink: string | undefined,
  { out, err }: Voice,
): Promise<number> {
  const names = namesOf(stream)
  let given = 0
  let kept = 0
  for await (const letter of deadLetters(manager, names, sink)) {
    if (await replay(manager, publisher, names, letter)) given += 1
    else kept += 1
  }
  out(JSON.stringify({ replayed: given, kept }))
  if (kept > 0) err('the buffer did not take all of it; what is left is still on the list')
  return kept > 0 ? 1 : 0
}

function lineOf({ sequence, sink, reason, setAside, event }: DeadLetter): string {
  return JSON.stringify({ sequence, sink, reason, set_aside: setAside, event })
}
