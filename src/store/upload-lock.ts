import { thisProcess } from './lock-holder.ts'
import { type Lock, takeLock } from './lock.ts'

/** Often enough that a busy machine does not lose its lock. */
const renewMs = 3000

/** The lock of the one uploader. While it works, it renews the lock for those on other machines. */
export function takeUploadLock(file: string): Lock | undefined {
  const lock = takeLock(file, thisProcess())
  if (lock === undefined) return undefined
  const timer = setInterval(() => {
    try {
      lock.renew()
    } catch {
      // A full disk. On this machine the lock is still valid.
    }
  }, renewMs).unref()
  return {
    ...lock,
    release: () => {
      clearInterval(timer)
      lock.release()
    },
  }
}
