import type { Reason } from './reason.ts'

/** How one post ended. Only `delivered` allows the event to be deleted. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly reason: Reason }

export function failed(reason: Reason): Outcome {
  return { kind: 'failed', reason }
}

/** For people and for `status`; holds nothing that came from outside but a number. */
export function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'delivered':
      return 'delivered'
    case 'answered':
      return `the collector answered ${outcome.status}`
    case 'failed':
      return `failed: ${outcome.reason}`
  }
}
