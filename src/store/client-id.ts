import { linkSync, renameSync } from 'node:fs'
import path from 'node:path'

import { look, fingerprintOf } from '../files/read.ts'
import { codeOf } from '../files/errors.ts'
import { retryWhileInUse } from '../files/errors.ts'
import { newUuid } from '../files/uuid.ts'
import { isBusy, readSmallFile } from '../files/read.ts'
import { waitSync } from '../files/errors.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'

/**
 * Can this be traced back to me? No: the id is a random number, made here and derived from
 * nothing. It lets the collector tell one machine from two. Delete the file and it is gone.
 */
export function readClientId(file: string): string | undefined {
  const trace = `${file} ${fingerprintOf(file)}`
  if (trace === last.trace) return last.id
  const reading = readSmallFile(file, 256)
  if (isBusy(reading)) return undefined
  last = { trace, id: reading.kind === 'read' ? idIn(reading.bytes) : undefined }
  return last.id
}

/** A look at a file costs a quarter of reading it, and a host has one id. */
let last: { readonly trace: string; readonly id: string | undefined } = { trace: '', id: undefined }

function idIn(bytes: Buffer): string | undefined {
  const id = bytes.toString('latin1').trim().toLowerCase()
  return randomForm.test(id) ? id : undefined
}

/** Other versions of UUID can hold a network address, so only random ones are taken. */
const randomForm = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The id of this machine, made if there is none. However many processes ask at once, all get the same. */
export function mintClientId(file: string): string {
  const existing = readClientId(file)
  if (existing !== undefined) return existing
  makeFolder(path.dirname(file))
  const own = temporaryName(file)
  const id = newUuid()
  writeNewFile(own, `${id}\n`, true)
  try {
    return takeName(own, file) ? id : (waitForContent(file) ?? replaceMalformed(file, own, id))
  } finally {
    removeFile(own)
  }
}

/**
 * Whoever holds `<file>.new` may replace the malformed file. Its holder looks at the file once
 * more, because another may have replaced it before; everybody else waits for the outcome.
 */
function replaceMalformed(file: string, own: string, id: string): string {
  // It may hold a good one.
  if (isBusy(readSmallFile(file, 256))) throw new Error('another program has the client id open')
  const successor = `${file}.new`
  for (let round = 0; round < 1000; round += 1) {
    const settled = readClientId(file)
    if (takeName(own, successor)) {
      const winner = readClientId(file)
      try {
        if (winner === undefined && moved(successor, file)) return id
      } catch (error) {
        // Nobody will replace it, and nobody shall stand in line for that.
        removeFile(successor)
        throw error
      }
      removeFile(successor)
      if (winner !== undefined) return winner
    } else if (settled !== undefined) {
      return settled
    } else if (ageOf(successor) > 2000) {
      removeFile(successor) // its holder died between two system calls
    }
    waitSync(5)
  }
  throw new Error('the client id is being replaced by another process that does not finish')
}

/** Gives a finished file its name, unless the name is taken: true for exactly one process. */
function takeName(own: string, name: string): boolean {
  try {
    linkSync(own, name)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (!withoutLinks.has(codeOf(error))) throw error
  }
  try {
    const id = readSmallFile(own, 256)
    writeNewFile(name, id.kind === 'read' ? id.bytes : '', true)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** What file systems without hard links (FAT, some network and phone storage) answer. */
const withoutLinks = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Without hard links the winner's file is empty for an instant. */
function waitForContent(file: string): string | undefined {
  for (let round = 0; round < 20; round += 1) {
    const id = readClientId(file)
    if (id !== undefined || sizeOf(file) !== 0) return id
    waitSync(5)
  }
  return undefined
}

function moved(from: string, to: string): boolean {
  try {
    retryWhileInUse(() => renameSync(from, to))
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function sizeOf(file: string): number {
  return look(file)?.size ?? 0
}

function ageOf(file: string): number {
  const stat = look(file)
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs
}
