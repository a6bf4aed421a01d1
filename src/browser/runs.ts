import { accepts } from '../contract/check.ts'
import { nilUuid, version as versionForm } from '../contract/values.ts'
import { inBrowsers as product } from '../product/runmat.ts'
import {
  buildFinished,
  buildStarted,
  type RunFinish,
  type RunIdentity,
  type RunStart,
} from '../record/run.ts'
import { canKeep, newUuid } from './client-id.ts'
import type { Consent } from './consent.ts'
import { platformHere } from './platform.ts'
import { quietly } from './page.ts'

/** One run of the host's. Finishing it twice, or after consent has ended, does nothing. */
export interface BrowserRun {
  readonly finish: (finish: RunFinish) => void
}

export const silentRun: BrowserRun = { finish: () => undefined }

/** A run belongs to the session in which it started. After consent ends, nothing of it is sent. */
export function startRun(consent: Consent, version: unknown, start: RunStart): BrowserRun {
  const session = consent.session()
  if (!session) return silentRun
  const identity = identityOf(consent.clientId(), version)
  const send = (id: string, bytes: string | undefined): void => {
    if (bytes && consent.session() === session) session.delivery.offer(id, bytes)
  }
  const since = performance.now()
  const moment = momentNow()
  const first = buildStarted(product, identity, moment, start)
  // A run that did not start can't finish.
  if (!first) return silentRun
  send(moment.eventId, first)
  let isFinished = false
  return {
    finish: (finish) => {
      quietly(() => {
        if (isFinished) return
        isFinished = true
        const elapsedUs = Math.round((performance.now() - since) * 1000)
        const end = { ...momentNow(), elapsedUs }
        send(end.eventId, buildFinished(product, identity, end, start, finish))
      })
    },
  }
}

const exampleStart: RunStart = { runKind: 'script', jitEnabled: true, accelerateEnabled: true }
const exampleFinish: RunFinish = { success: true, jitUsed: true }

/** Zeros replace an id that was not made yet. Without consent, storage is not even read. */
export function previewRun(
  consent: Consent,
  version: unknown,
  start: RunStart = exampleStart,
  finish: RunFinish = exampleFinish,
): string | undefined {
  const id = consent.knownId() ?? (canKeep() ? nilUuid : undefined)
  const moment = { ...momentNow(), elapsedUs: 0 }
  return buildFinished(product, identityOf(id, version), moment, start, finish)
}

function identityOf(clientId: string | undefined, version: unknown): RunIdentity {
  const release = accepts(versionForm, version) ? (version as string) : '0.0.0'
  return { clientId, sessionId: newUuid(), ...platformHere(), release, usualHost: 'wasm' }
}

function momentNow() {
  return { eventId: newUuid(), now: Date.now() }
}
