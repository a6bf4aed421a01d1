import { namesIn } from '../../files/read.ts'
import { readClientId } from '../../store/client-id.ts'
import { foreignIn } from '../../store/foreign.ts'
import { countSent } from '../../store/ledger.ts'
import { pendingErasure } from '../../store/erasure.ts'
import { liveHolder } from '../../store/lock-holder.ts'
import { listQueue } from '../../store/queue.ts'
import { settingsTargets } from '../../settings/targets.ts'
import { readStats } from '../../store/stats.ts'
import { readUploadState } from '../../store/upload-state.ts'
import type { Invocation } from '../invocation.ts'
import { toJson } from '../io.ts'
import { statusText } from '../status-text.ts'
import { hostHere } from '../words.ts'

export function status(invocation: Invocation, { json }: { json?: boolean }): void {
  const found = statusOf(invocation)
  invocation.io.out(json ? toJson(found) : statusText(found, invocation))
}

/** The whole state, with the keys that `status --json` prints. Looking at it changes nothing. */
export function statusOf({ product, version, context }: Invocation) {
  const { paths, verdict, choices, key } = context
  const queue = listQueue(paths.queue)
  const stats = readStats(paths.stats)
  const uploads = readUploadState(paths.uploads, context.choices.endpoint.value)
  const holder = liveHolder(paths.lock)
  const [settings = paths.settings] = settingsTargets(context)
  return {
    product: product.id,
    version,
    collecting: verdict.collecting,
    uploading: verdict.uploading,
    decided_by: verdict.decidedBy,
    rules: verdict.rules,
    host: hostHere(context),
    endpoint: { url: choices.endpoint.value, source: choices.endpoint.source },
    udp_endpoint: {
      address: choices.udpEndpoint.value === '' ? null : choices.udpEndpoint.value,
      source: choices.udpEndpoint.source,
    },
    ingestion_key: key.state,
    client_id: readClientId(paths.clientId) ?? null,
    paths: {
      settings,
      client_id: paths.clientId,
      stats: paths.stats,
      queue: paths.queue,
      lock: paths.lock,
      sent: paths.ledger,
    },
    queue: {
      events: queue.length,
      bytes: queue.reduce((sum, { bytes }) => sum + bytes, 0),
      oldest: queue[0] === undefined ? null : new Date(queue[0].at).toISOString(),
      dropped: stats.kind === 'read' ? stats.stats.dropped : 0,
      set_aside: namesIn(paths.aside).length,
    },
    sent: countSent(paths.ledger),
    foreign: foreignIn(paths),
    erase: pendingErasure(paths),
    uploader: {
      running: holder !== undefined,
      // A lock that can't be read, or isn't signed yet, has a holder without a number.
      pid: holder?.pid || null,
      last_attempt: uploads.last_attempt,
      last_result: uploads.last_result,
      // Where nothing may be sent, nothing is tried when the pause is over.
      next_attempt: verdict.uploading ? uploads.next_attempt : null,
    },
  }
}

export type Status = ReturnType<typeof statusOf>
