import type { Delivery } from './delivery.ts'
import { surroundings } from './surroundings.ts'

/**
 * Follows the life of the page, and gives back a way to stop following. There is no handler of
 * `unload`: it would keep the page from being restored when the person comes back to it.
 */
export function follow(delivery: Delivery, onStorage: () => void): () => void {
  const { flush, leave, comeBack, resume } = delivery
  const { document } = surroundings
  const onVisibility = (): void => {
    if (document?.visibilityState === 'hidden') flush()
    else resume()
  }
  const page = { pagehide: leave, pageshow: comeBack, storage: onStorage }
  document?.addEventListener('visibilitychange', onVisibility)
  for (const [type, listener] of Object.entries(page)) surroundings.addEventListener(type, listener)
  return () => {
    document?.removeEventListener('visibilitychange', onVisibility)
    for (const [type, listener] of Object.entries(page)) {
      surroundings.removeEventListener(type, listener)
    }
  }
}
