import { fileURLToPath } from 'node:url'

import type { UploaderProgram } from './detach.ts'

/** The uploader that is built beside this library and this command line. */
export function ownUploader(): UploaderProgram {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL('upload.cjs', import.meta.url))],
  }
}
