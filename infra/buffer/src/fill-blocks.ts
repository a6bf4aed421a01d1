import { randomBytes } from 'node:crypto'

import type { Trouble } from 'runmat-telemetry-common/sink'

import type { Broker, StreamSession } from './broker.ts'
import { filler, type Names } from './names.ts'
import { BufferFault, troubleOf } from './trouble.ts'

/** nats-server begins a new block after 8 MiB at the latest, and then shortens a replica's log, too. */
const rounds = 10
const perRound = 16
const messageBytes = 64 * 1024
const fillBytes = rounds * perRound * messageBytes

/**
 * Removes the bytes of delivered events from the servers' disks. A server deletes a block file when no
 * event in it waits any more, so an empty stream leaves nothing. A stream that is never empty leaves the
 * block that is being written, and each replica keeps a log. So we publish more than both may hold, and
 * every sink acknowledges it unread.
 *
 * Purging would be shorter, but makes nats-server before 2.9.15 forget which events it has handed out:
 * if their process dies, they are never delivered again.
 */
export async function fillBlocks(broker: Broker, names: Names): Promise<Trouble | undefined> {
  const session = broker.session()
  if (session === undefined) return broker.trouble()
  try {
    const { config, state } = await session.manager.streams.info(names.stream)
    const isReplicated = config.num_replicas > 1
    if (!isReplicated && state.messages === 0) return undefined
    if (state.bytes + fillBytes > config.max_bytes / 2) {
      throw new BufferFault('the stream has no room to spare for filling its block files')
    }
    await fill(session, names.again(filler))
    if (isReplicated) await fillDeadLetters(session, names)
    return undefined
  } catch (error) {
    return troubleOf(error)
  }
}

/** Does that once after each growth of what was erased. */
export function openBlocks(
  broker: Broker,
  names: Names,
  erased: () => number,
): { readonly erase: () => Promise<Trouble | undefined> } {
  let filledAfter = 0
  return {
    erase: async () => {
      const now = erased()
      if (now === filledAfter) return undefined
      const trouble = await fillBlocks(broker, names)
      if (trouble === undefined) filledAfter = now
      return trouble
    },
  }
}

async function fillDeadLetters(session: StreamSession, names: Names): Promise<void> {
  const subject = names.dead(filler)
  // This stream has no consumers, so purging does it no harm.
  await fill(session, subject, async () => {
    await session.manager.streams.purge(names.deadStream, { filter: subject })
  })
}

async function fill(
  { publisher }: StreamSession,
  subject: string,
  afterRound?: () => Promise<void>,
): Promise<void> {
  // Random, so that no server can compress it.
  const data = randomBytes(messageBytes)
  for (let round = 0; round < rounds; round += 1) {
    const receipts = await publisher.publish(
      Array.from({ length: perRound }, () => ({ subject, data })),
    )
    await afterRound?.()
    const refused = receipts.find((receipt) => receipt !== 'stored')
    if (refused !== undefined) throw new BufferFault(refused.cause.replace(/^buffer: /, ''))
  }
}
