const inWords: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EBUSY: 'another program has it open',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENOENT: 'it does not exist',
  ELOOP: 'it is a loop of symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  EIO: 'the disk reported an error',
}

export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** What went wrong with a file, in words for somebody who did not write the program. */
export function causeOf(error: unknown): string {
  const code = codeOf(error)
  if (code !== '') return inWords[code] ?? code
  return error instanceof Error ? error.message : String(error)
}

/**
 * What Windows answers to a change while somebody has the file open, and also where it is not allowed
 * at all; and what it answers to a reader only where somebody lets nobody else read.
 */
const toChange: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])
export const toRead: ReadonlySet<string> = new Set(['EBUSY'])

/** Did a change fail because, on Windows, another program has the file open? */
export function isInUse(error: unknown, platform: string = process.platform): boolean {
  return platform === 'win32' && toChange.has(codeOf(error))
}

const patience = { mostMs: 1000, pauseMs: 50 }

/**
 * Windows lets nobody replace a file that is open, or make one anew that was deleted while it was:
 * and virus scanners, indexers and readers of our own have any file open for a moment. Such a moment
 * is waited for; where it does not end, the fault is the caller's to report.
 */
export function retryWhileInUse<T>(
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

/** Sleeps without an event loop, for the few milliseconds in which another process is at work. */
export function waitSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
