import { ownUploader } from '../../deliver/own-uploader.ts'
import { detachUploader } from '../../deliver/detach.ts'
import { uploadIsDue } from '../../deliver/due.ts'
import { noticeText } from '../../record/notice.ts'
import { readClaim } from '../../record/claim.ts'
import { recordUsage } from '../../record/record-usage.ts'
import { isSet } from '../../settings/verdict.ts'
import { type Context, reassessed } from '../context.ts'
import { CliError, wrongUsage } from '../error.ts'
import { toJson } from '../io.ts'

/** Records for a host in another language: what it says on stdin, as the library would. */
export async function record(context: Context, { json }: { json?: boolean }): Promise<void> {
  const { product, io, surroundings, situation, version } = context
  const claim = readClaim(product, io.input())
  if (!claim.ok) throw new CliError(claim.fault, { exitCode: wrongUsage, hint: claim.hint })
  const { queued, noticeDue } = recordUsage(situation, claim.value.version ?? version, claim.value)
  if (noticeDue) io.err(noticeText(product))
  if (isSet(surroundings.env[product.variables.show])) {
    for (const bytes of queued) io.err(`${bytes}\n`)
  }
  if (json) io.out(toJson({ collecting: situation.verdict.collecting, queued: queued.length }))
  const after = reassessed(context).situation
  // What could not be started now is started by the next host; the event is safe.
  if (!noticeDue && uploadIsDue(after)) {
    await detachUploader(after, ownUploader()).catch(() => undefined)
  }
}
