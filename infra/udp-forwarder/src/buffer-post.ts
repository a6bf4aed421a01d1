import type { BufferSettings } from '../../common/buffer-settings.ts'
import type { Poster } from './post.ts'

/**
 * Puts batches into the buffer and not on their way to a worker. What comes back is what a worker
 * would have answered, so that all else here need not know. Only who has a buffer loads this.
 */
export async function makeBufferPoster(
  settings: BufferSettings,
  note: (message: string) => void,
): Promise<Poster> {
  const { openDirect } = await import('../../worker/src/buffer/direct.ts')
  const direct = openDirect(settings, note)
  return {
    post: async (body) => {
      const lines = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      const { status, retryAfter, body: said } = await direct.accept(lines)
      return {
        kind: 'answered',
        status,
        retryAfter: retryAfter === undefined ? undefined : String(retryAfter),
        body: said === undefined ? '' : JSON.stringify(said),
      }
    },
    close: () => void direct.close(),
  }
}
