import path from 'node:path'

import { causeOf, waitSync } from '../files/errors.ts'
import { takeSnapshot } from '../files/snapshot.ts'
import { makeFolder, removeUnfinished, replaceFile } from '../files/write.ts'
import type { KeyPath } from '../product/product.ts'
import {
  inTheWayOf,
  isJson,
  type Problem,
  readSettingsFile,
  type Role,
  sizeLimit,
} from '../settings/files.ts'
import { editJson } from '../settings/json-edit.ts'
import { JsonTextError } from '../settings/json-text.ts'
import { strangerAt, strangersLink } from '../settings/trust.ts'
import { removeKey, setKey } from '../settings/toml/edit.ts'
import { takeLock } from './lock.ts'
import { thisProcess } from './lock-holder.ts'

/** Keys to set, or to remove if no value is given. */
export type Changes = readonly (readonly [KeyPath, string | boolean | undefined])[]

/** A settings file could not be changed and is as it was. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problem: Problem

  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, { cause })
    this.problem = problem
  }
}

/** Changes a settings file; false if it says so already. */
export function changeSettings(file: string, role: Role, changes: Changes): boolean {
  return withLock(file, () => {
    // Read again under the lock: another command may have changed it since we looked.
    const before = textOf(file, role)
    try {
      const link = strangersLink(file, { uid: process.geteuid?.() }, takeSnapshot())
      if (link === undefined) removeUnfinished(file)
      const after = edited(file, before, changes)
      if (after === before) return false
      if (isTooLarge(after) && !changes.every(isNo)) {
        throw new Error(`it would be larger than ${sizeLimit / 1024} KiB, and not be read`)
      }
      if (link !== undefined) throw new Error(refusal(file, link))
      replaceFile(file, after, () => {
        if (settledText(file, role) !== before)
          throw new SettingsError({ path: file, ...overtaken })
      })
      return true
    } catch (error) {
      if (error instanceof SettingsError) throw error
      throw new SettingsError({ path: file, message: inTheWayOf(file) ?? messageOf(error) }, error)
    }
  })
}

/** Who waits too long for the lock goes on without it, as the holder may have been suspended. */
const overtaken = {
  message: 'another program has changed it at the same moment',
  isPassing: true,
} as const

/** It counts in a file that is too large to be read, too. */
function isNo([, value]: Changes[number]): boolean {
  return value === false
}

function isTooLarge(text: string): boolean {
  return Buffer.byteLength(text) > sizeLimit
}

function textOf(file: string, role: Role): string {
  const found = readSettingsFile(role, file)
  if (found?.problem && !found.problem.isPassing) {
    const { excerpt, ...problem } = found.problem
    // A project's file, or another user's, may be a link to any file, so its text must not be shown.
    const isStrangers = strangerAt(file, { uid: process.geteuid?.() }, takeSnapshot()) !== undefined
    const isOwn = role === 'user' && excerpt !== undefined && !isStrangers
    throw new SettingsError(isOwn ? { ...problem, excerpt } : problem)
  }
  return found?.text ?? ''
}

/** A program that has emptied the file is about to write it again, maybe with a no. */
function settledText(file: string, role: Role): string {
  const isBeingWritten = () => readSettingsFile(role, file)?.problem?.isPassing === true
  for (let waited = 0; waited < writerPatienceMs && isBeingWritten(); waited += 10) waitSync(10)
  return textOf(file, role)
}

const writerPatienceMs = 2000

function refusal(file: string, link: string): string {
  const what = link === file ? 'it' : link
  return `${what} is another user's link to a file that is not theirs`
}

function edited(file: string, before: string, changes: Changes): string {
  let text = before
  for (const [key, value] of changes) {
    if (isJson(file)) text = editJsonText(text, key, value)
    else text = value === undefined ? removeKey(text, key) : setKey(text, key, value)
  }
  return text
}

function editJsonText(text: string, key: KeyPath, value: string | boolean | undefined): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  // Another program has just emptied or removed the file. Any other without a value is unclear.
  return mark + editJson(text.slice(mark.length) || '{}', key, value)
}

function messageOf(error: unknown): string {
  // The parser of TOML shows lines of the file behind its first one.
  const [first = ''] = (error instanceof JsonTextError ? error.message : causeOf(error)).split('\n')
  return first
}

const lockPatienceMs = 2000

/**
 * One command at a time: otherwise one that read the file before `disable` could write it back
 * afterwards. If no lock can be made, the change itself will fail and say why.
 */
function withLock<T>(file: string, work: () => T): T {
  const release = lockFor(`${file}.lock`)
  try {
    return work()
  } finally {
    release()
  }
}

function lockFor(lockFile: string): () => void {
  try {
    makeFolder(path.dirname(lockFile))
    for (let waited = 0; waited < lockPatienceMs; waited += 10) {
      const lock = takeLock(lockFile, thisProcess(), { isShared: true })
      if (lock !== undefined) return () => lock.release()
      waitSync(10)
    }
  } catch {
    // Nothing can be created in this folder, or something else has the name of the lock.
  }
  return () => undefined
}
