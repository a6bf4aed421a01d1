// Can a page measure me with this against my will? No: unless a host passes `telemetryConsent: true`,
// nothing is sent, made or kept, and Do Not Track and Global Privacy Control outweigh that. Only the
// runtime events of contract/ can be sent: no page addresses, no cookies, no text. `preview()` shows
// the exact bytes. One id is kept in localStorage from the first event on; `setConsent(false)` removes
// it.

export type { BrowserTelemetryOptions } from '../browser/options.ts'
export { type BrowserRun } from '../browser/runs.ts'
export { type BrowserTelemetry, createBrowserTelemetry } from '../browser/telemetry.ts'
export type { RunFinish, RunStart } from '../record/run.ts'
