/** Something that the person who asked can do something about. */
export class ReportError extends Error {
  override readonly name = 'ReportError'
  /** 1: it could not be done. 2: it was asked for wrongly. */
  readonly exitCode: 1 | 2
  readonly hint: string | undefined
  /** A file is damaged, foreign or locked away. Other files may still be read. */
  readonly isUnreadable: boolean

  constructor(
    message: string,
    {
      exitCode = 1,
      hint,
      isUnreadable = false,
    }: { exitCode?: 1 | 2; hint?: string; isUnreadable?: boolean } = {},
  ) {
    super(message)
    this.exitCode = exitCode
    this.hint = hint
    this.isUnreadable = isUnreadable
  }
}

/** What to do about a file that may not be read; of a damaged one, that depends on who reads it. */
export function hintFor(error: unknown): { readonly hint?: string } {
  const { code = '' } = error as { code?: string }
  return ['EACCES', 'EPERM'].includes(code) ? { hint: 'Run this as a user who may read it.' } : {}
}

export function isOutOfMemory(error: unknown): boolean {
  return /(?:could not|failed to) allocate/.test(String(error))
}

export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOSPC: 'no space is left on the disk',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of that path is no folder',
    EEXIST: 'a part of that path is no folder',
    EISDIR: 'this is a folder',
  }
  const known = code === undefined ? undefined : words[code]
  if (known !== undefined) return known
  const said = message ?? String(error)
  if (/no space left/i.test(said)) return words['ENOSPC'] as string
  if (/failed to offload/.test(said)) return 'no space is left in the temporary folder'
  if (isOutOfMemory(error)) return 'DuckDB needs more memory than it may take'
  return (said.split('\n')[0] ?? '').replace(/\.$/, '')
}
