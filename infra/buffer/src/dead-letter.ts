import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'

import { filler, type Names } from './names.ts'
import { productHeaderOf, productIn } from './product-header.ts'
import type { Publisher } from './publish.ts'
import { storedMessages } from './stored-messages.ts'
import type { StreamMessage } from './stream-message.ts'

/**
 * `refused`: the sink won't take it. `contract`: it is no event of this version. `product`: its product
 * is not among PRODUCTS.
 */
export type DeadLetterReason = 'refused' | 'contract' | 'product'

export interface DeadLetter {
  readonly sequence: number
  readonly sink: string
  readonly product: string
  readonly reason: string
  readonly setAside: string
  readonly event: string
}

const reasonHeader = 'Telemetry-Reason'

/** Stores what a sink refuses for an operator to see. False: not stored, so it must stay. */
export async function storeDeadLetters(
  publisher: Publisher,
  names: Names,
  sink: string,
  messages: readonly { readonly message: StreamMessage; readonly reason: DeadLetterReason }[],
): Promise<readonly boolean[]> {
  const receipts = await publisher.publish(
    messages.map(({ message, reason }) => ({
      subject: names.dead(sink),
      // Identified by position, because the same event may become a dead letter again later.
      id: `${sink} ${message.sequence}`,
      data: message.data,
      headers: { [reasonHeader]: reason, ...productHeaderOf(message.product) },
    })),
  )
  return receipts.map((receipt) => receipt === 'stored')
}

/** The dead letters of one sink or of all, oldest first. */
export async function* deadLetters(
  manager: JetStreamManager,
  names: Names,
  sink: string | undefined,
): AsyncGenerator<DeadLetter & { readonly message: StoredMsg }> {
  for await (const message of storedMessages(manager, names.deadStream)) {
    const of = message.subject.slice(names.dead('').length)
    if (of === filler || of !== (sink ?? of)) continue
    yield {
      sequence: message.seq,
      sink: of,
      product: productIn(message.header),
      reason: message.header.get(reasonHeader),
      setAside: message.time.toISOString(),
      event: message.string(),
      message,
    }
  }
}

/** Delivers a dead letter to its own sink again, and overwrites it once the stream has it. */
export async function replay(
  manager: JetStreamManager,
  publisher: Publisher,
  names: Names,
  { sequence, sink, product, message }: DeadLetter & { readonly message: StoredMsg },
): Promise<boolean> {
  const [receipt] = await publisher.publish([
    {
      subject: names.again(sink),
      id: `again ${sequence}`,
      data: message.data,
      headers: productHeaderOf(product),
    },
  ])
  if (receipt !== 'stored') return false
  return await manager.streams.deleteMessage(names.deadStream, sequence, true)
}
