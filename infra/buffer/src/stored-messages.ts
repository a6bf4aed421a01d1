import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'

/** What a stream holds now, oldest first, up to that position. */
export async function* storedMessages(
  manager: JetStreamManager,
  stream: string,
  upTo = Infinity,
): AsyncGenerator<StoredMsg> {
  const { state } = await manager.streams.info(stream)
  const end = Math.min(state.last_seq, upTo)
  let sequence = state.first_seq
  while (state.messages > 0 && sequence <= end) {
    // nats-server 2.9 supports this; the library's type doesn't have it. Any subject, because once some
    // messages are deleted, the server's search for one subject misses others.
    const query = { seq: sequence, next_by_subj: '>' }
    const message = await manager.streams.getMessage(stream, query)
    if (message === null || message.seq > upTo) return
    sequence = message.seq + 1
    yield message
  }
}
