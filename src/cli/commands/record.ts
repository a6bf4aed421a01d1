import type { Kind } from '../../contract/contract.ts'
import { detachUploader } from '../../deliver/detach.ts'
import { uploadIsDue } from '../../deliver/schedule.ts'
import { readUsageInput } from '../../record/usage-input.ts'
import { readEventInput } from '../../record/event-input.ts'
import { noticeText } from '../../record/notice.ts'
import { queueFinished } from '../../record/queue-finished.ts'
import { type Recorded, recordUsage } from '../../record/record-usage.ts'
import { shownOn } from '../../record/notice.ts'
import type { Parsed } from '../../settings/address.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import { CliError, wrongUsage } from '../error.ts'
import { toJson } from '../io.ts'

/** Records for a host in another language: what it says on stdin, as the library would. */
export async function record(
  invocation: Invocation,
  kind: Kind,
  { json }: { json?: boolean },
): Promise<void> {
  const { product, io, context, uploader } = invocation
  const { queued, noticeDue, mayLeave } =
    kind === 'usage' ? recordUsageInput(invocation) : recordEvent(invocation, kind)
  if (noticeDue) io.err(noticeText(product))
  for (const stream of shownOn(context)) {
    // With --json, stdout is for one document and nothing else.
    const show = stream === 'out' && !json ? io.out : io.err
    for (const bytes of queued) show(`${bytes}\n`)
  }
  if (json) io.out(toJson({ collecting: context.verdict.collecting, queued: queued.length }))
  const after = reassessed(invocation).context
  // What could not be started now is started by the next host; the event is safe.
  if (!noticeDue && mayLeave && uploadIsDue(after)) {
    await detachUploader(after, uploader).catch(() => undefined)
  }
}

function recordUsageInput({ product, io, context }: Invocation): Recorded {
  const input = accepted(readUsageInput(product, io.input()))
  return recordUsage(context, input.version, input)
}

function recordEvent({ io, context }: Invocation, kind: Exclude<Kind, 'usage'>): Recorded {
  const event = accepted(readEventInput(context, kind, io.input()))
  // Whatever is recorded first, the user is told before.
  const { release } = JSON.parse(event.bytes) as { release?: string }
  const first = recordUsage(context, release, { isAnnouncement: kind === 'install' })
  queueFinished(context, [event])
  const own = context.verdict.uploading ? [event.bytes] : []
  return { ...first, queued: [...first.queued, ...own] }
}

function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new CliError(parsed.fault, { exitCode: wrongUsage, hint: parsed.hint })
}
