import { statSync } from 'node:fs'

/** Why the worker can't start, in words for its operator. */
export class FolderError extends Error {
  override readonly name = 'FolderError'
}

/** Of the folder, or the one file. */
export function folderError(place: string, error: unknown): FolderError {
  if (error instanceof FolderError) return error
  return new FolderError(`Can't keep events in ${place}: ${reasonOf(place, error)}.`)
}

function reasonOf(folder: string, error: unknown): string {
  const { code = String(error) } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'it is not a folder'
    case 'EISDIR':
      return 'it is a folder'
    case 'ENOENT':
      return 'no folder can be made there'
    case 'EACCES':
    case 'EPERM':
      return `user ${process.getuid?.() ?? ''} may not write there${ownerOf(folder)}`
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full'
    default:
      return code
  }
}

function ownerOf(folder: string): string {
  try {
    return `; it belongs to user ${statSync(folder).uid}`
  } catch {
    return ''
  }
}
