import { detachUploader, type UploaderProgram } from '../deliver/detach.ts'
import { uploadIsDue } from '../deliver/schedule.ts'
import type { Product } from '../product/product.ts'
import type { UsageInput } from '../record/milestones.ts'
import { noticeText, shownOn } from '../record/notice.ts'
import { foldPostponed, recordUsage } from '../record/record-usage.ts'
import type { Context } from '../settings/context.ts'

export interface RecorderOptions {
  readonly product: Product
  readonly uploader: () => UploaderProgram | undefined
  /** The host has shown the notice itself. */
  readonly noticeIsShown: boolean
  readonly errIsTerminal: () => boolean
  readonly write: Readonly<Record<'out' | 'err', (text: string) => void>>
}

/**
 * What surrounds a recorded event: the notice, its bytes for a user who asked to see them, and the
 * uploader afterwards. The library and `record` share it.
 */
export interface Recorder {
  readonly usage: (
    context: Context,
    version: string | undefined,
    input: UsageInput,
  ) => readonly string[]
  /** Announces telemetry as `first` says, unless this process has; then records another event. */
  readonly event: <T>(
    context: Context,
    version: string | undefined,
    first: UsageInput,
    work: () => T,
  ) => { readonly announced: readonly string[]; readonly result: T }
  readonly show: (context: Context, bytes: string) => void
  /** False until a run that begins after the notice was seen. */
  readonly mayLeaveNow: () => boolean
  /** Starts the uploader if there is work for it. */
  readonly close: (context: Context) => Promise<void>
}

export function openRecorder({
  product,
  uploader,
  noticeIsShown,
  errIsTerminal,
  write,
}: RecorderOptions): Recorder {
  let isHeldBack = false
  let isAnnounced = false

  const show = (context: Context, bytes: string): void => {
    for (const stream of shownOn(context)) write[stream](`${bytes}\n`)
  }
  const usage = (
    context: Context,
    version: string | undefined,
    input: UsageInput,
  ): readonly string[] => {
    const isSeen = () => noticeIsShown || errIsTerminal()
    const { queued, noticeDue, isFirst, mayLeave } = recordUsage(context, version, input, isSeen)
    isAnnounced = true
    isHeldBack ||= noticeDue || !mayLeave
    // A log or pipe gets the notice once, which does not count as seen. A terminal gets it until it does.
    if (noticeDue && !noticeIsShown && (isFirst || isSeen())) write.err(noticeText(product))
    for (const bytes of queued) show(context, bytes)
    return queued
  }
  return {
    usage,
    event: (context, version, first, work) => {
      const announced = isAnnounced ? [] : usage(context, version, first)
      return { announced, result: work() }
    },
    show,
    mayLeaveNow: () => !isHeldBack,
    close: async (context) => {
      // This is the last call of the host that can do it.
      foldPostponed(context, { waitMs: 20, forMs: 40 })
      // Most often nothing is due. Only for what is due, we look once more whether it is wanted.
      if (isHeldBack || !uploadIsDue(context) || !uploadIsDue(context.again())) return
      const program = uploader()
      if (program !== undefined) await detachUploader(context, program)
    },
  }
}
