import { parseArgs } from 'node:util'

import { ReportError } from '../error.ts'
import { nearest } from './nearest.ts'

const options = {
  from: { type: 'string', multiple: true },
  since: { type: 'string' },
  until: { type: 'string' },
  by: { type: 'string' },
  release: { type: 'string' },
  compare: { type: 'string' },
  top: { type: 'string' },
  format: { type: 'string' },
  output: { type: 'string', short: 'o' },
  public: { type: 'string' },
  check: { type: 'boolean' },
  watch: { type: 'boolean' },
  prove: { type: 'string' },
  pending: { type: 'boolean' },
  done: { type: 'string', multiple: true },
  memory: { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

type Name = keyof typeof options

/** The command line, taken apart. */
export interface Given {
  readonly words: readonly string[]
  /** The options that stand there. */
  readonly names: readonly string[]
  readonly has: (name: string) => boolean
  readonly one: (name: string) => string | undefined
  readonly all: (name: string) => readonly string[]
}

export function readWords(args: readonly string[]): Given {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const words: string[] = []
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    if (!(token.name in options)) throw unknown(token.rawName)
    const name = token.name as Name
    const isText = options[name].type === 'string'
    const { value } = token
    if (isText && (value === undefined || value === '' || isOption(value))) {
      throw misuse(`${token.rawName} needs a value.`)
    }
    if (!isText && value !== undefined) throw misuse(`${token.rawName} takes no value.`)
    if (values.has(name) && !('multiple' in options[name])) {
      throw misuse(`${token.rawName} stands twice.`)
    }
    values.set(name, [...(values.get(name) ?? []), value ?? ''])
  }
  return {
    words,
    names: [...values.keys()],
    has: (name) => values.has(name),
    one: (name) => values.get(name)?.[0],
    all: (name) => values.get(name) ?? [],
  }
}

function isOption(value: string): boolean {
  return value.startsWith('--') && (value.slice(2).split('=')[0] ?? '') in options
}

function unknown(given: string): ReportError {
  const near = nearest(given.replace(/^-+/, ''), Object.keys(options))
  return misuse(
    `There is no option ${given}.`,
    near === undefined ? 'Run it with --help to see all options.' : `Did you mean --${near}?`,
  )
}

function misuse(message: string, hint?: string): ReportError {
  return new ReportError(message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) })
}
