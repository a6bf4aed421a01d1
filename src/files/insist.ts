import { codeOf } from './cause.ts'
import { waitSync } from './wait.ts'

/**
 * What Windows answers to a change while somebody has the file open, and also where it is not allowed
 * at all; and what it answers to a reader only where somebody lets nobody else read.
 */
const toChange: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])
export const toRead: ReadonlySet<string> = new Set(['EBUSY'])

const patience = { mostMs: 1000, pauseMs: 50 }

/**
 * Windows lets nobody replace a file that is open, or make one anew that was deleted while it was:
 * and virus scanners, indexers and readers of our own have any file open for a moment. Such a moment
 * is waited for; where it does not end, the fault is the caller's to report.
 */
export function insist<T>(
  work: () => T,
  { platform = process.platform, mostMs = patience.mostMs, inUse = toChange } = {},
): T {
  if (platform !== 'win32') return work()
  let waited = 0
  for (let pause = 1; ; pause = Math.min(pause * 2, patience.pauseMs)) {
    try {
      return work()
    } catch (error) {
      if (!inUse.has(codeOf(error)) || waited >= mostMs) throw error
    }
    waitSync(pause)
    waited += pause
  }
}
