import { readSync, writeSync } from 'node:fs'

import { causeOf, codeOf, waitSync } from '../files/errors.ts'
import { isTerminal } from '../files/terminal.ts'
import { wantsColour } from './ink.ts'

/** The terminal, or whatever stands in its place. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Is data read by a person at a terminal? */
  readonly outIsTerminal: boolean
  readonly errIsTerminal: () => boolean
  readonly inIsTerminal: () => boolean
  /** Has the reader of the pipe gone? Nobody knows before something is written. */
  readonly outIsClosed: () => boolean
  readonly colour: boolean
  /** How many columns there are for text. */
  readonly outWidth: () => number
  /** How many lines fit at a time. */
  readonly outHeight: () => number
  readonly errWidth: () => number
  /** All of stdin. */
  readonly input: () => string
}

export function toJson(value: unknown): string {
  // JSON may spell any character as an escape, and to its readers that is the same text.
  return `${replaceUnprintable(JSON.stringify(value, undefined, 2), escaped)}\n`
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }).join('')
}

/** Text of foreign origin, made safe to show: it can't move the cursor or reorder the line. */
export function printable(text: string): string {
  return replaceUnprintable(text, () => '?')
}

/** Control and format characters of any kind, and those that end a line, but for the line feed. */
function replaceUnprintable(text: string, by: (character: string) => string): string {
  // To load Unicode's tables takes longer than all else that is done with a text, and few need them.
  if (/^[\n -~]*$/.test(text)) return text
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, by)
}

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
  let isClosed = false
  return {
    out: (text) => {
      if (isWindows && outIsTerminal) process.stdout.write(text)
      else isClosed ||= !write(1, text)
    },
    err: (text) =>
      isWindows && errIsTerminal() ? void process.stderr.write(text) : void write(2, text),
    outIsClosed: () => isClosed,
    outIsTerminal,
    inIsTerminal: () => isTerminal(0, () => process.stdin, platform),
    errIsTerminal,
    input: readInput,
    colour: wantsColour(env, outIsTerminal),
    outWidth: () => (outIsTerminal ? process.stdout.columns || usualWidth : usualWidth),
    outHeight: () => (outIsTerminal ? process.stdout.rows || usualHeight : usualHeight),
    errWidth: () => (errIsTerminal() ? process.stderr.columns || usualWidth : usualWidth),
  }
}

/** Of what is no terminal. */
const usualWidth = 80
const usualHeight = 24

/** False if nobody reads it any more. */
function write(descriptor: number, text: string): boolean {
  try {
    const written = retry(() => writeSync(descriptor, text))
    // Few texts are written in parts, and making bytes of one takes Bun as long as all its stats.
    if (written < Buffer.byteLength(text)) writeRest(descriptor, Buffer.from(text), written)
    return true
  } catch (error) {
    if (codeOf(error) === 'EPIPE' || descriptor === 2) return false
    throw new Error(`Cannot write the output: ${causeOf(error)}.`, { cause: error })
  }
}

function writeRest(descriptor: number, bytes: Buffer, from: number): void {
  for (let offset = from; offset < bytes.length;) {
    const rest = bytes.subarray(offset)
    offset += retry(() => writeSync(descriptor, rest))
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
  throw new Error('The input is larger than a megabyte.')
}

/** A descriptor that another process made non-blocking says "again" where others would wait. */
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
