import type { Kind } from '../../contract/contract.ts'
import { detachUploader } from '../../deliver/detach.ts'
import { uploadIsDue } from '../../deliver/due.ts'
import { readClaim } from '../../record/claim.ts'
import { readEventClaim } from '../../record/claim-event.ts'
import { noticeText } from '../../record/notice.ts'
import { queueFinished } from '../../record/queue-drafts.ts'
import { type Recorded, recordUsage } from '../../record/record-usage.ts'
import { shownOn } from '../../record/show.ts'
import type { Parsed } from '../../settings/endpoint.ts'
import { type Context, reassessed } from '../context.ts'
import { CliError, wrongUsage } from '../error.ts'
import { toJson } from '../io.ts'

/** Records for a host in another language: what it says on stdin, as the library would. */
export async function record(
  context: Context,
  kind: Kind,
  { json }: { json?: boolean },
): Promise<void> {
  const { product, io, situation, uploader } = context
  const { queued, noticeDue } = kind === 'usage' ? recordClaim(context) : recordEvent(context, kind)
  if (noticeDue) io.err(noticeText(product))
  for (const stream of shownOn(situation)) {
    // With --json, stdout is for one document and nothing else.
    const show = stream === 'out' && !json ? io.out : io.err
    for (const bytes of queued) show(`${bytes}\n`)
  }
  if (json) io.out(toJson({ collecting: situation.verdict.collecting, queued: queued.length }))
  const after = reassessed(context).situation
  // What could not be started now is started by the next host; the event is safe.
  if (!noticeDue && uploadIsDue(after)) {
    await detachUploader(after, uploader).catch(() => undefined)
  }
}

function recordClaim({ product, io, situation, version }: Context): Recorded {
  const claim = accepted(readClaim(product, io.input()))
  return recordUsage(situation, claim.version ?? version, claim)
}

function recordEvent({ io, situation, version }: Context, kind: Exclude<Kind, 'usage'>): Recorded {
  const event = accepted(readEventClaim(situation, kind, io.input()))
  // Whatever is recorded first, the user is told before.
  const { release = version } = JSON.parse(event.bytes) as { release?: string }
  const first = recordUsage(situation, release, { isAnnouncement: kind === 'install' })
  queueFinished(situation, [event])
  const own = situation.verdict.uploading ? [event.bytes] : []
  return { ...first, queued: [...first.queued, ...own] }
}

function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new CliError(parsed.fault, { exitCode: wrongUsage, hint: parsed.hint })
}
