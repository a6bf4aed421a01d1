import { renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from './error.ts'

/** A file is there whole or not at all. */
export function writeWhole(file: string, text: string): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  try {
    writeFileSync(temporary, text)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new ReportError(`Can't write ${file}: ${reasonOf(error)}.`)
  }
}
