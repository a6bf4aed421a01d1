import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'

import type { Delivered } from './delivered.ts'
import type { Names } from './names.ts'
import type { Publisher } from './publish.ts'

/** `refused`: the sink will not have it. `contract`: it is no event, as far as we know. */
export type Reason = 'refused' | 'contract'

export interface DeadLetter {
  readonly sequence: number
  readonly sink: string
  readonly reason: string
  readonly setAside: string
  readonly event: string
}

const reasonHeader = 'Telemetry-Reason'

/** Puts what a sink will not have where a person finds it. False: it is not there, and stays. */
export async function setAside(
  publisher: Publisher,
  names: Names,
  sink: string,
  messages: readonly { readonly message: Delivered; readonly reason: Reason }[],
): Promise<readonly boolean[]> {
  const receipts = await publisher.publish(
    messages.map(({ message, reason }) => ({
      subject: names.dead(sink),
      // Of its place, and not of its identity: the same event may be set aside again, later.
      id: `${sink} ${message.sequence}`,
      data: message.data,
      headers: { [reasonHeader]: reason },
    })),
  )
  return receipts.map((receipt) => receipt === 'stored')
}

/** All of one sink, or of all, the oldest first. */
export async function* deadLetters(
  manager: JetStreamManager,
  names: Names,
  sink: string | undefined,
): AsyncGenerator<DeadLetter & { readonly message: StoredMsg }> {
  const { state } = await manager.streams.info(names.deadStream)
  let sequence = state.first_seq
  while (sequence <= state.last_seq) {
    const query = { seq: sequence, next_by_subj: names.dead(sink ?? '*') }
    // 2.9 answers it, though the type of the library does not know.
    const message = await manager.streams.getMessage(names.deadStream, query)
    if (message === null) return
    yield {
      sequence: message.seq,
      sink: message.subject.slice(names.dead('').length),
      reason: message.header.get(reasonHeader),
      setAside: message.time.toISOString(),
      event: message.string(),
      message,
    }
    sequence = message.seq + 1
  }
}

/** Gives a dead letter to its sink once more, to no other, and removes it when it is there. */
export async function replay(
  manager: JetStreamManager,
  publisher: Publisher,
  names: Names,
  { sequence, sink, message }: DeadLetter & { readonly message: StoredMsg },
): Promise<boolean> {
  const [receipt] = await publisher.publish([
    { subject: names.again(sink), id: `again ${sequence}`, data: message.data },
  ])
  if (receipt !== 'stored') return false
  return await manager.streams.deleteMessage(names.deadStream, sequence, false)
}
