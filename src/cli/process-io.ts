import { readSync, writeSync } from 'node:fs'

import { causeOf, codeOf } from '../files/cause.ts'
import { waitSync } from '../files/wait.ts'
import { wantsColour } from './ink.ts'
import type { Io } from './io.ts'
import { isTerminal } from './terminal.ts'

/** The real terminal, or the file or pipe in its place. */
export function processIo(
  env: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): Io {
  const outIsTerminal = isTerminal(1, () => process.stdout, platform)
  const errIsTerminal = () => isTerminal(2, () => process.stderr, platform)
  // A console of Windows takes bytes for text of its own code page: only the stream knows that. For
  // anything else, to set up the stream takes as long as all that we do.
  const isWindows = platform === 'win32'
  return {
    out: (text) => (isWindows && outIsTerminal ? void process.stdout.write(text) : write(1, text)),
    err: (text) =>
      isWindows && errIsTerminal() ? void process.stderr.write(text) : write(2, text),
    outIsTerminal,
    inIsTerminal: () => isTerminal(0, () => process.stdin, platform),
    errIsTerminal,
    input: readInput,
    colour: wantsColour(env, outIsTerminal),
    outWidth: () => (outIsTerminal ? process.stdout.columns : usualWidth),
    errWidth: () => (errIsTerminal() ? process.stderr.columns : usualWidth),
  }
}

/** Of what is no terminal. */
const usualWidth = 80

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length;) {
    try {
      const rest = bytes.subarray(offset)
      offset += retry(() => writeSync(descriptor, rest))
    } catch (error) {
      if (codeOf(error) === 'EPIPE' || descriptor === 2) return
      throw new Error(`cannot write the output: ${causeOf(error)}`, { cause: error })
    }
  }
}

const inputLimit = 1024 * 1024

function readInput(): string {
  const chunks: Buffer[] = []
  for (let length = 0; length <= inputLimit;) {
    const chunk = Buffer.alloc(64 * 1024)
    const count = retry(() => readSync(0, chunk))
    if (count === 0) return Buffer.concat(chunks).toString('utf8')
    chunks.push(chunk.subarray(0, count))
    length += count
  }
  throw new Error('the input is larger than a megabyte')
}

/** A descriptor that somebody else made non-blocking says "again" where others would wait. */
function retry(work: () => number): number {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (codeOf(error) === 'EOF') return 0
      if (codeOf(error) !== 'EAGAIN') throw error
      waitSync(1)
    }
  }
}
