import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from './error.ts'

/** A file is there whole or not at all. A pipe or a device is written to and never replaced. */
export function writeWhole(file: string, text: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) return writeInto(file, text)
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  try {
    writeFileSync(temporary, text)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new ReportError(`Can't write ${file}: ${reasonOf(error)}.`)
  }
}

function writeInto(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new ReportError(`Can't write ${file}: ${reasonOf(error)}.`)
  }
}
