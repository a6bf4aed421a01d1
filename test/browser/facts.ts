import { buildFinished, buildStarted, type RunFinish, type RunStart } from '../../src/record/run.ts'
import { runmat } from '../../src/product/runmat.ts'

interface Sent {
  readonly event_label: string
  readonly uuid: string
  readonly cid?: string
  readonly session_id: string
  readonly release: string
  readonly payload: { readonly timestamp_ms: number; readonly duration_us: number }
}

export function read(body: string): Sent {
  return JSON.parse(body) as Sent
}

/** The platform of the tests' browser, which says it in its user agent. */
export const here = { os: 'linux', arch: 'x86_64' }

/**
 * What the library for Node would send for these facts. Only what is random or a time is taken
 * from what was sent.
 */
export function expected(
  body: string,
  start: RunStart,
  finish?: RunFinish,
  { os, arch } = here,
): string | undefined {
  const { uuid, cid, session_id: sessionId, release, payload } = read(body)
  const identity = { clientId: cid, sessionId, os, arch, release }
  const moment = { eventId: uuid, now: payload.timestamp_ms }
  return finish === undefined
    ? buildStarted(runmat, identity, moment, start)
    : buildFinished(runmat, identity, { ...moment, elapsedUs: payload.duration_us }, start, finish)
}

/** The facts that the site's page gives when it is not told others. */
export const usualStart: RunStart = { runKind: 'repl', jitEnabled: true, accelerateEnabled: false }

/** One of everything that a run can say. */
export const fullFinish: RunFinish = {
  success: false,
  jitUsed: true,
  durationUs: 4412,
  counters: { totalExecutions: 3, jitCompiled: 2, interpreterFallback: 1 },
  provider: {
    device: { name: 'Apple M2', vendor: 'Apple', backend: 'wgpu' },
    gpuWallNs: 1_850_000,
    gpuDispatches: 12,
    gpuUploadBytes: 262_144,
    gpuDownloadBytes: 0,
    fusionCacheHits: 8,
    fusionCacheMisses: 1,
  },
  failure: {
    stage: 'runtime',
    code: 'Area:UndefinedFunction',
    hasSpan: true,
    host: 'wasm',
    component: 'name_resolution',
  },
}

/** An event of which everything that is random or a time is known, for facts that made none. */
export const nothingKnown = JSON.stringify({
  uuid: '63b4b9a8-5f2b-4cef-95c1-c6e2b8f6c04c',
  session_id: '9e2a9d9f-4e37-4090-a1fb-96cb2c6f9f3a',
  release: '0.0.0',
  payload: { timestamp_ms: 0, duration_us: 0 },
})

/** A host that does not say what it is, is WebAssembly in a browser. */
export function asInBrowser(finish: RunFinish): RunFinish {
  const { failure } = finish
  if (!failure) return finish
  const { stage, code, hasSpan, host = 'wasm', component } = failure
  return { ...finish, failure: { stage, code, hasSpan, host, component } as typeof failure }
}
