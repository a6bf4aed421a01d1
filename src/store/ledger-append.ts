import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import path from 'node:path'

import { causeOf, codeOf } from '../files/errors.ts'
import { look, statLink } from '../files/read.ts'
import { directly, makeFolder, privateFile, writeFully } from '../files/write.ts'

export const newline = 10

/** Why no line can be added; undefined if one can, as far as can be told before. */
export function ledgerFault(file: string): string | undefined {
  const found = statLink(file)
  if (found === undefined) return undefined
  if (!found.isFile()) return 'it is not a regular file'
  try {
    closeSync(openForAppending(file))
    return undefined
  } catch (error) {
    return causeOf(error)
  }
}

const appending = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | directly

/** Adds lines. Returns the new size; undefined where the file has been replaced by now. */
export function append(file: string, lines: string): number | undefined {
  const descriptor = openForAppending(file)
  try {
    const stat = fstatSync(descriptor)
    // Whatever a pipe or a device takes is gone.
    if (!stat.isFile()) throw new Error('the ledger is not a regular file')
    const { ino, size } = stat
    const bytes = Buffer.from(endsLine(descriptor, size) ? lines : `\n${lines}`)
    writeFully(descriptor, bytes)
    // Asked before closing: the number of a closed file may be given to another at once.
    return look(file)?.ino === ino ? size + bytes.length : undefined
  } finally {
    closeSync(descriptor)
  }
}

function openForAppending(file: string): number {
  try {
    return openSync(file, appending, privateFile)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    makeFolder(path.dirname(file))
    return openSync(file, appending, privateFile)
  }
}

/** A crash or a full disk may have cut the last line short. */
function endsLine(descriptor: number, size: number): boolean {
  if (size === 0) return true
  const last = Buffer.alloc(1)
  return readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === newline
}
