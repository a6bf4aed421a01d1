import { forgetEverything } from '../../store/cleanup.ts'
import { stopSenders } from '../../store/senders.ts'
import { wipeQueue } from '../../store/queue.ts'
import { change } from '../change.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import { report } from '../invocation.ts'
import { plural, tidy } from '../words.ts'

export interface DisableOptions {
  readonly json?: boolean
  readonly forget?: boolean
}

/** The order matters: first nobody may start, then nobody is at work, then there is nothing to send. */
export async function disable(
  invocation: Invocation,
  { json, forget }: DisableOptions,
): Promise<void> {
  const { product } = invocation
  const changed = change(invocation, [[product.keys.enabled, false]])
  const after = reassessed(invocation)
  const { context } = after
  const { paths } = context
  await stopSenders(paths)
  const wiped = wipeQueue(paths.queue)
  const forgotten = forget ? forgetEverything(paths) : []
  report(after, json, { changed, wiped, ...(forget ? { forgotten } : {}) }, [
    `${product.name} telemetry is off, for good.`,
    'Nothing is recorded, and nothing is sent.',
    `Saved in ${tidy(paths.settings, context)}`,
    wiped === 0 ? 'Nothing was waiting to be sent.' : `${plural(wiped, 'waiting event')} deleted.`,
    ...forgotten.map((file) => `Removed ${tidy(file, context)}`),
  ])
}
