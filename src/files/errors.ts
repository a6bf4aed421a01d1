const inWords: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EBUSY: 'another program has it open',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'a part of its path is not a folder',
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

/** What went wrong with a file, in words that a user understands. */
export function causeOf(error: unknown): string {
  const code = codeOf(error)
  if (code !== '') return inWords[code] ?? code
  return error instanceof Error ? error.message : String(error)
}

/**
 * Windows' errors for a change while the file is open, or that is not allowed at all; and for a read
 * while another program has the file open for itself.
 */
const toChange: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])
export const toRead: ReadonlySet<string> = new Set(['EBUSY'])

/** They say nothing about the file that could not be read: the next time it may be. */
const passing: ReadonlySet<string> = new Set([
  'EBUSY',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EIO',
  'EINTR',
  'EAGAIN',
  'ESTALE',
  'ETIMEDOUT',
])

export function isPassing(error: unknown): boolean {
  return passing.has(codeOf(error))
}

/** There is no such file, or a file where its folder should be. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
}

/** Did a change fail because, on Windows, another program has the file open? */
export function isInUse(error: unknown, platform: string = process.platform): boolean {
  return platform === 'win32' && toChange.has(codeOf(error))
}

export const patience = { mostMs: 1000, pauseMs: 50 }

/**
 * On Windows a file can't be replaced while it is open, or created again after it was deleted while
 * open. Virus scanners, indexers and our own readers open every file for a moment. So this retries
 * for a while, then throws the error to the caller.
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

/** Sleeps without an event loop, for the few milliseconds that another process needs. */
export function waitSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
