import { fstatSync, readSync, writeSync } from 'node:fs'

import { causeOf, codeOf } from '../files/cause.ts'
import { waitSync } from '../files/wait.ts'
import { wantsColour } from './ink.ts'
import type { Io } from './io.ts'

/** The real terminal, or the file or pipe in its place. */
export function processIo(
  env: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): Io {
  const outIsTerminal = isTerminal(1, () => process.stdout)
  const errIsTerminal = () => isTerminal(2, () => process.stderr)
  // A console of Windows takes bytes for text of its own code page, and shows no name rightly.
  const errIsConsole = () => platform === 'win32' && errIsTerminal()
  return {
    // A terminal's encoding is the stream's business. Setting up the stream for anything else
    // takes longer than all that we print.
    out: (text) => (outIsTerminal ? void process.stdout.write(text) : write(1, text)),
    err: (text) => (errIsConsole() ? void process.stderr.write(text) : write(2, text)),
    outIsTerminal,
    inIsTerminal: () => isTerminal(0, () => process.stdin),
    errIsTerminal,
    input: readInput,
    colour: wantsColour(env, outIsTerminal),
    outWidth: () => (outIsTerminal ? process.stdout.columns : usualWidth),
    errWidth: () => (errIsTerminal() ? process.stderr.columns : usualWidth),
  }
}

/** Of what is no terminal. */
const usualWidth = 80

/** Setting up a stream takes longer than all that we do: it is only asked where it could be one. */
function isTerminal(descriptor: number, stream: () => { readonly isTTY?: boolean }): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && stream().isTTY === true
  } catch {
    return false
  }
}

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
