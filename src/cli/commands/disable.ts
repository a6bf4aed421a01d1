import { forgetEverything } from '../../store/forget.ts'
import { haltUploader } from '../../store/halt.ts'
import { wipeQueue } from '../../store/queue.ts'
import { change } from '../change.ts'
import { type Context, reassessed } from '../context.ts'
import { report } from '../report.ts'
import { plural, tidy } from '../words.ts'

export interface DisableOptions {
  readonly json?: boolean
  readonly forget?: boolean
}

/** The order matters: first nobody may start, then nobody is at work, then there is nothing to send. */
export async function disable(context: Context, { json, forget }: DisableOptions): Promise<void> {
  const { product } = context
  const changed = change(context, [[product.keys.enabled, false]])
  const after = reassessed(context)
  const { situation } = after
  const { paths } = situation
  await haltUploader(paths.lock)
  const wiped = wipeQueue(paths.queue)
  const forgotten = forget ? forgetEverything(paths) : []
  report(after, json, { changed, wiped, ...(forget ? { forgotten } : {}) }, [
    `${product.name} telemetry is off, for good.`,
    'Nothing is recorded, and nothing is sent.',
    `Saved in ${tidy(paths.settings, situation)}`,
    wiped === 0 ? 'Nothing was waiting to be sent.' : `${plural(wiped, 'waiting event')} deleted.`,
    ...forgotten.map((file) => `Removed ${tidy(file, situation)}`),
  ])
}
