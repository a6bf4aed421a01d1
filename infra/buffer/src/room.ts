import type { StreamSession } from './broker.ts'
import type { Names } from './names.ts'

/** Keeps what is published within the room that the stream has. */
export interface Room {
  /**
   * How many of these fit, in order. They take up room until they are settled. Rejects, with nothing taken, if
   * nobody can say.
   */
  readonly take: (session: StreamSession, sizes: readonly number[]) => Promise<number>
  /** These were confirmed or not: from now on, the server counts them. */
  readonly settle: (bytes: number) => void
  /** How many bytes there is room for. */
  readonly look: (session: StreamSession) => Promise<number>
}

/** The largest event, with what is stored beside it. */
const largest = 68 * 1024
/** So many processes may publish at a time. */
const processes = 32

/**
 * A stream that discards new messages refuses what would not fit. But nats-server looks at a message without
 * what is stored beside it; if only that is too much, it takes the message and drops the oldest one, which got
 * a 204. So we stay away from the limit ourselves.
 */
export function spareOf(mostBytes: number): number {
  return Math.min(Math.max(largest, mostBytes / 64), mostBytes / 4)
}

export function openRoom({ stream }: Names): Room {
  /** What may be published until the next look. All processes together stay within the spare room. */
  let free = 0
  let unsettled = 0

  const roomIn = async ({ manager }: StreamSession) => {
    const { config, state } = await manager.streams.info(stream)
    const spare = spareOf(config.max_bytes)
    return { room: config.max_bytes - spare - state.bytes, share: spare / processes }
  }
  const fitting = (sizes: readonly number[]): number => {
    const end = sizes.findIndex((size) => {
      if (size > free) return true
      free -= size
      unsettled += size
      return false
    })
    return end === -1 ? sizes.length : end
  }
  return {
    take: async (session, sizes) => {
      let count = fitting(sizes)
      while (count < sizes.length) {
        try {
          const { room, share } = await roomIn(session)
          free = Math.min(room - unsettled, Math.max(share, sizes[count] ?? 0))
        } catch (error) {
          if (count === 0) throw error
          return count
        }
        const more = fitting(sizes.slice(count))
        if (more === 0) return count
        count += more
      }
      return count
    },
    settle: (bytes) => {
      unsettled -= bytes
    },
    look: async (session) => (await roomIn(session)).room,
  }
}
