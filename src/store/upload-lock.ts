import { leaseMs, thisProcess } from './lock-holder.ts'
import { type Lock, takeLock } from './lock.ts'

/** Often enough that a busy machine does not lose its lock. */
const renewMs = 3000

/** Nobody takes the lock of a living process over so soon after it was renewed. */
const safeMs = leaseMs / 3

/** The lock of the one uploader. While it works, it renews the lock for those on other machines. */
export function takeUploadLock(file: string): Lock | undefined {
  let since = Date.now()
  const lock = takeLock(file, thisProcess())
  if (lock === undefined) return undefined
  // Suspended while it made the lock, it may never have had it.
  let wasSeen = false
  const isSafe = (): boolean => {
    const age = Date.now() - since
    return wasSeen && age >= 0 && age < safeMs
  }
  const timer = setInterval(() => {
    const now = Date.now()
    try {
      wasSeen = lock.renew()
      since = now
    } catch {
      // A full disk. On this machine the lock is still valid.
    }
  }, renewMs).unref()
  return {
    ...lock,
    // Asked for each event, and reading the lock each time takes a tenth of an upload.
    isOurs: () => isSafe() || (wasSeen = lock.isOurs()),
    release: () => {
      clearInterval(timer)
      lock.release()
    },
    releaseForRecovery: () => {
      clearInterval(timer)
      lock.releaseForRecovery()
    },
  }
}
