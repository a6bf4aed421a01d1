import { existsSync, statSync } from 'node:fs'
import path from 'node:path'

/** Why the worker can't start, in words for its operator. */
export class FolderError extends Error {
  override readonly name = 'FolderError'
}

/** Of the folder, or the one file. */
export function folderError(place: string, error: unknown): FolderError {
  if (error instanceof FolderError) return error
  return new FolderError(`Can't keep events in ${place}: ${reasonOf(place, error)}.`)
}

function reasonOf(place: string, error: unknown): string {
  const { code = String(error), path: at } = error as NodeJS.ErrnoException
  const file = at === undefined || at === place || !existsSync(at) ? undefined : at
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'it is not a folder'
    case 'EISDIR':
      if (file !== undefined) return `${path.basename(file)} is a folder`
      return at === undefined ? 'a folder lies where a file must be' : 'it is a folder'
    case 'ENOENT':
      return 'no folder can be made there'
    case 'EACCES':
    case 'EPERM': {
      const act = file === undefined ? 'write there' : `open ${path.basename(file)}`
      return `user ${process.getuid?.() ?? ''} may not ${act}${ownerOf(file ?? place)}`
    }
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
