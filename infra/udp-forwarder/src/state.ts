import type { Counts } from './counts.ts'
import type { Family } from './receiver.ts'

/** All there is to say about a running forwarder, at one moment. */
export interface State {
  readonly counts: Counts
  readonly waiting: { readonly events: number; readonly bytes: number }
  readonly underWay: { readonly events: number; readonly posts: number }
  readonly kernelDrops: number | undefined
  readonly bufferBytes: Readonly<Partial<Record<Family, number>>>
  readonly reachesWorker: boolean
}
