import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream'
import { storedId } from 'runmat-telemetry-common/events/spelling'
import type { Trouble } from 'runmat-telemetry-common/sink'

import type { Broker } from './broker.ts'
import { deadLetters } from './dead-letter.ts'
import type { Names } from './names.ts'
import { troubleOf } from './trouble.ts'

/** Ids were not always UUIDs, and a letter that broke the contract may hold a UUID anywhere. */
const anyId = [/[\w.:-]{8,128}/g, /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi]

/**
 * Deletes the dead letters in which one of these ids stands, and overwrites them on the servers' disks.
 * A replica's log may hold the bytes of each one still.
 */
export async function eraseDeadLetters(
  broker: Broker,
  names: Names,
  erased: readonly string[],
  deleted: () => void = () => undefined,
): Promise<Trouble | undefined> {
  const session = broker.session()
  if (session === undefined) return broker.trouble()
  const { manager } = session
  const wanted = new Set(erased)
  try {
    for await (const { sequence, event } of deadLetters(manager, names, undefined)) {
      const ids = anyId.flatMap((form) => event.match(form) ?? [])
      // A tombstone has an older form of id as it is stored; a letter may have it as it was sent.
      if (ids.some((id) => wanted.has(id.toLowerCase()) || wanted.has(storedId(id)))) {
        await eraseDeadLetter(manager, names, sequence)
        deleted()
      }
    }
    return undefined
  } catch (error) {
    return troubleOf(error)
  }
}

/** Two processes may erase the same one. It is enough that it is gone. */
export async function eraseDeadLetter(
  manager: JetStreamManager,
  { deadStream }: Names,
  sequence: number,
): Promise<void> {
  try {
    await manager.streams.deleteMessage(deadStream, sequence, true)
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error
    if ((await manager.streams.getMessage(deadStream, { seq: sequence })) !== null) throw error
  }
}
