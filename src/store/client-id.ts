import { linkSync, renameSync } from 'node:fs'
import path from 'node:path'

import { uuidOfDigest } from '../contract/derived-uuid.ts'
import { uuid } from '../contract/values.ts'
import { builtin } from '../files/builtin.ts'
import { codeOf, retryWhileInUse, waitSync } from '../files/errors.ts'
import { isUnread, look, type Reading, readSmallFile, UnreadError } from '../files/read.ts'
import { sightingOf } from '../files/snapshot.ts'
import { newUuid } from '../files/uuid.ts'
import { makeFolder, removeFile, temporaryName, writeNewFile } from '../files/write.ts'
import { isOlder } from './lock-holder.ts'

/**
 * Can this be traced back to me? No: the id is a random number, made here and derived from
 * nothing. It lets the collector tell one machine from two. Delete the file and this machine gets a new one.
 */
export function readClientId(file: string): string | undefined {
  const now = sightingOf(file).version
  if (now === '') return undefined
  const version = `${file} ${now}`
  if (version === last.version) return last.id
  const reading = readSmallFile(file, 256)
  if (isUnread(reading)) return undefined
  last = { version, id: idIn(reading) }
  return last.id
}

/** Is there certainly no id? While the file can't be read, that is unknown. */
export function hasNoClientId(file: string): boolean {
  const reading = readSmallFile(file, 256)
  return !isUnread(reading) && idIn(reading) === undefined
}

/** The id, or certainly none. Throws while that is unknown. */
export function certainClientId(file: string): string | undefined {
  const known = readClientId(file)
  if (known !== undefined) return known
  const reading = readSmallFile(file, 256)
  if (isUnread(reading)) throw new UnreadError('the client id is unknown for now')
  return idIn(reading)
}

/** Checking a file for changes costs a quarter of reading it. */
let last: { readonly version: string; readonly id: string | undefined } = {
  version: '',
  id: undefined,
}

function idIn(reading: Reading): string | undefined {
  if (reading.kind !== 'read') return undefined
  const text = reading.bytes.toString('utf8').replace(/^\uFEFF/, '')
  const id = text.trim().toLowerCase()
  // Other versions of UUID can hold a network address, so only random ones are taken.
  if (uuid.pattern.test(id)) return id
  return olderForm.test(id) ? derivedFrom(id) : undefined
}

/** What older installers wrote where there was no `uuidgen`: the time and a PID, or `anon-…`. */
const olderForm = /^(\d{9,11}-\d{1,7}|anon-[a-z0-9-]{1,64})$/

/**
 * The file keeps an older id, and events carry a UUID made of it, because the contract knows no
 * other form. The collector makes the same one of it, so that the machine stays one machine.
 */
function derivedFrom(older: string): string {
  const { createHash } = builtin('node:crypto')
  return uuidOfDigest(createHash('sha256').update(older).digest('hex'))
}

/** The id of this machine, made if there is none. All processes that ask at once get the same one. */
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
 * The process that has made `<file>.new` may replace the malformed file. It reads the file once
 * more, because another process may have replaced it before. All others wait for the outcome.
 */
function replaceMalformed(file: string, own: string, id: string): string {
  const valid = certainClientId(file)
  if (valid !== undefined) return valid
  const successor = `${file}.new`
  for (let round = 0; round < 1000; round += 1) {
    const settled = readClientId(file)
    if (takeName(own, successor)) {
      const winner = readClientId(file)
      try {
        if (winner === undefined && moved(successor, file)) return id
      } catch (error) {
        // It can't be replaced, and no other process should wait for that.
        removeFile(successor)
        throw error
      }
      removeFile(successor)
      if (winner !== undefined) return winner
    } else if (settled !== undefined) {
      return settled
    } else if (isOlder(successor, 2000, 'ctimeMs')) {
      removeFile(successor) // its maker died between two system calls
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

/** Without hard links, the winner's file is empty for an instant. */
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
