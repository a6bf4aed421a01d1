import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { tempHome } from '../../../support/home.ts'

interface Listed {
  readonly event: string
  readonly product: string
  readonly reason: string
}

/** Runs the dead-letters command like an operator. */
export async function deadLetters(
  program: string,
  url: string,
  ...words: readonly string[]
): Promise<{ readonly lines: readonly Listed[]; readonly code: number }> {
  const home = tempHome()
  const { stdout, code } = await promisify(execFile)(
    process.execPath,
    [program, 'dead-letters', ...words],
    { env: { ...home.env, BUFFER_URL: url } },
  ).then(
    (done) => ({ ...done, code: 0 }),
    (error: { readonly stdout: string; readonly code: number }) => error,
  )
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { lines: lines.map((line) => JSON.parse(line) as Listed), code }
}
