import type { Kind } from '../../contract/contract.ts'
import { openRecorder, type Recorder } from '../../host/recorder.ts'
import { readEventInput } from '../../record/event-input.ts'
import { queueFinished } from '../../record/queue-finished.ts'
import { readUsageInput } from '../../record/usage-input.ts'
import type { Parsed } from '../../settings/address.ts'
import { assess, type Context } from '../../settings/context.ts'
import type { HostEnvironment } from '../../settings/host-environment.ts'
import { parseName, queuedNames } from '../../store/queue.ts'
import { cannotWrite, knownLedger, requireListed } from '../access.ts'
import { CliError, wrongUsage } from '../error.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import { toJson } from '../io.ts'

export interface RecordOptions {
  readonly json?: boolean
  /** The host has shown the notice itself. */
  readonly noticeShown?: boolean
}

/** Records what a host in another language says on stdin, as the library would. */
export async function record(
  invocation: Invocation,
  kind: Kind,
  { json, noticeShown }: RecordOptions,
): Promise<void> {
  const { product, io, context, uploader, environment } = invocation
  const recorder = openRecorder({
    product,
    uploader,
    noticeIsShown: noticeShown === true,
    errIsTerminal: io.errIsTerminal,
    // With --json, stdout is for one document and nothing else.
    write: { out: json ? io.err : io.out, err: io.err },
  })
  if (io.inIsTerminal()) io.err(`Type one JSON object, then ${endOfInput(environment)}.\n`)
  let queued: readonly string[]
  try {
    queued =
      kind === 'usage'
        ? recordUsageInput(invocation, recorder)
        : recordEvent(invocation, recorder, kind)
  } catch (error) {
    const off = `turn telemetry off with ${product.variables.off}=1 in the environment`
    throw cannotWrite(error, context, (remedy) => `Nothing was recorded. ${remedy}, or ${off}.`)
  }
  if (json) io.out(toJson({ collecting: context.verdict.collecting, queued: queued.length }))
  // If the uploader can't be started now, the next host starts it; the event is safe.
  await recorder.close(reassessed(invocation).context).catch(() => undefined)
}

/** What ends the input of a terminal, which without a word would look as if nothing happened. */
function endOfInput({ platform }: HostEnvironment): string {
  return platform === 'win32' ? 'Ctrl-Z and Enter' : 'Enter and Ctrl-D'
}

function recordUsageInput(
  { product, environment, io, context: found }: Invocation,
  recorder: Recorder,
): readonly string[] {
  const input = accepted(readUsageInput(product, io.input()))
  // What the collector asked of one version does not hold for the next.
  const context = found.gone ? assess(product, environment, input.version) : found
  return recorder.usage(context, input.version, input)
}

function recordEvent(
  { io, context }: Invocation,
  recorder: Recorder,
  kind: Exclude<Kind, 'usage'>,
): readonly string[] {
  const event = accepted(readEventInput(context, kind, io.input()))
  const { release } = JSON.parse(event.bytes) as { release?: string }
  const first = { isAnnouncement: kind === 'install' }
  const { announced, result } = recorder.event(context, release, first, () => {
    if (!context.verdict.uploading || (event.mayBeRepeated && isOnRecord(context, event.id)))
      return []
    queueFinished(context, [event])
    recorder.show(context, event.bytes)
    return [event.bytes]
  })
  return [...announced, ...result]
}

/** A run has one start and one end, however often a host says so. An error if that can't be seen. */
function isOnRecord(context: Context, id: string): boolean {
  requireListed(context)
  return (
    queuedNames(context.paths.queue).some((name) => parseName(name)?.id === id) ||
    knownLedger(context).some(({ event }) => (event as { uuid?: unknown } | null)?.uuid === id)
  )
}

function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new CliError(parsed.fault, { exitCode: wrongUsage, hint: parsed.hint })
}
