import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from './error.ts'
import { removeAbandonedIn } from './temporary.ts'

/** A file is there whole or not at all. A pipe or a device is written to and never replaced. */
export function writeWhole(file: string, text: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) return writeInto(file, text)
  writeTogether(new Map([[file, text]]))
}

/** None of them is replaced before all of them are written, so that a full disk leaves them as they were. */
export function writeTogether(files: ReadonlyMap<string, string>): void {
  const temporaryOf = (file: string) =>
    path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  for (const file of files.keys()) removeUnfinished(file)
  let current = ''
  try {
    for (const [file, text] of files) {
      current = file
      writeFileSync(temporaryOf(file), text)
    }
    for (const file of files.keys()) {
      current = file
      renameSync(temporaryOf(file), file)
    }
  } catch (error) {
    for (const file of files.keys()) rmSync(temporaryOf(file), { force: true })
    throw new ReportError(`Can't write ${current}: ${reasonOf(error)}.`)
  }
}

/** What killed processes left that were writing this file. */
function removeUnfinished(file: string): void {
  const name = path.basename(file).replaceAll(/[^\w-]/g, '\\$&')
  removeAbandonedIn(path.dirname(file), new RegExp(`^\\.${name}\\.(\\d+)\\.tmp$`), Date.now())
}

function writeInto(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new ReportError(`Can't write ${file}: ${reasonOf(error)}.`)
  }
}

/** With those above it. Node's `recursive` never ends where a file system makes no folders, as in `/proc`. */
export function makeFolder(folder: string): void {
  try {
    makeUpwards(path.resolve(folder))
  } catch (error) {
    throw new ReportError(`Can't make ${folder}: ${reasonOf(error)}.`)
  }
}

function makeUpwards(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  const above = path.dirname(folder)
  if (above !== folder) makeUpwards(above)
  mkdirSync(folder)
}
