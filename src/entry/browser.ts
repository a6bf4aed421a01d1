// Can a page measure me with this against my will? Not without my yes: unless a host passes
// `telemetryConsent: true`, nothing is sent, made or kept, and Do Not Track and Global Privacy Control
// outweigh any yes. What may be sent is the runtime family of contract/, and nothing else: no addresses
// of pages, no cookies, no text. `preview()` shows it to the byte. One id is kept, in localStorage,
// with the first event; `setConsent(false)` removes it.

export type { BrowserTelemetryOptions } from '../browser/options.ts'
export { type BrowserRun } from '../browser/runs.ts'
export { type BrowserTelemetry, createBrowserTelemetry } from '../browser/telemetry.ts'
export type { RunFinish, RunStart } from '../record/run.ts'
