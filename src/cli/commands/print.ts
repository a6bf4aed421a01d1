import type { Kind } from '../../contract/contract.ts'
import { previewOf } from '../../record/preview.ts'
import type { Context } from '../../settings/context.ts'
import type { Invocation } from '../invocation.ts'
import { CliError, wrongUsage } from '../error.ts'
import { foldErr } from '../fold.ts'
import { hasNone } from '../access.ts'
import { isEventId, printQueued, queuedEvents, sayItWaits, show } from '../queued.ts'

export interface PrintOptions {
  readonly json?: boolean
  readonly raw?: boolean
  readonly explain?: boolean
  readonly schema?: boolean
  readonly queued?: boolean
  /** The event that begins a run or an installation, instead of the one that ends it. */
  readonly started?: boolean
}

/** Of a family of events, or of the one that waits under an id. */
export async function print(
  invocation: Invocation,
  given: string | undefined,
  options: PrintOptions,
): Promise<void> {
  const { queued, schema, explain, started } = options
  const event = given ?? 'usage'
  if (isEventId(event)) {
    if (queued || schema || explain || started)
      throw new CliError(idAlone, { exitCode: wrongUsage })
    return printEvent(invocation, event, options)
  }
  const kind = event as Kind
  if (started && kind === 'usage') throw new CliError(noStart, { exitCode: wrongUsage })
  if (queued) printQueued(invocation, options, given === undefined ? undefined : kind)
  else if (schema || explain) await describe(invocation, kind, options)
  else preview(invocation, kind, options)
}

const idAlone = "An event id can't be combined with --queued, --schema, --explain or --started."
const examples = 'The values are examples; the fields are those of a real event.'
const noStart = 'A usage event has no beginning: --started is for runtime and install events.'

function printEvent(invocation: Invocation, id: string, options: PrintOptions): void {
  const { command } = invocation.product
  const [bytes, ...others] = queuedEvents(invocation, id)
  if (bytes === undefined) {
    throw new CliError(`No event waits under the id ${id}.`, {
      hint: `See what is waiting: ${command} print --queued\nSee what was sent: ${command} log`,
    })
  }
  if (others.length > 0) {
    throw new CliError(`${others.length + 1} events wait under ids that begin with ${id}.`, {
      hint: `Give more of the id. See all of them: ${command} print --queued`,
    })
  }
  show(invocation, bytes, options)
  sayItWaits(invocation.io)
}

/** What an event of the family may hold. A plain `print` doesn't load the documentation. */
async function describe(invocation: Invocation, kind: Kind, options: PrintOptions): Promise<void> {
  const { explain } = await import('../explain.ts')
  explain(invocation, kind, options)
}

function whyZeros(context: Context): readonly string[] {
  if (!hasNone.id(context)) {
    return ["The client id can't be read at this moment: zeros stand in its place."]
  }
  return ['No client id exists yet: zeros stand in its place.', 'One is made with the first event.']
}

function preview(invocation: Invocation, kind: Kind, options: PrintOptions): void {
  const { started } = options
  const { io, context, product, hostVersion } = invocation
  const { bytes, hasClientId, hasVersion } = previewOf(kind, context, hostVersion, started)
  show(invocation, bytes, options)
  const isShown = io.outIsTerminal
  const notes = [
    ...(hasClientId ? [] : whyZeros(context)),
    ...(isShown && !hasVersion
      ? [`No version of ${product.name} is known yet: zeros stand in its place.`]
      : []),
    // A usage event has this machine's own counters.
    ...(isShown && kind !== 'usage' ? [examples] : []),
    ...(isShown ? ['This is a preview. Nothing was sent or recorded.'] : []),
  ]
  if (notes.length > 0) io.err(`${foldErr(notes, io).join('\n')}\n`)
}
