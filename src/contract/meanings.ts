import type { Fields, ObjectValue, Paths } from './schema.ts'

/** Every field is collected to answer one of these questions. */
export const questions = {
  installs: 'How many installations start, succeed and fail, and where?',
  active: 'How often are JIT compilation and acceleration enabled, and how often used?',
  failures: 'Where do runs fail?',
  unfinished: 'How many runs start and never finish?',
  versions: 'Which releases are in use?',
  usage: 'Which subcommands, engines and capabilities are used?',
  coverage: 'How complete is what arrives: what came twice, and what never came?',
  erasure: 'What is to be erased at the collector?',
} as const

export type Question = keyof typeof questions

export interface Meaning {
  readonly carries: string
  readonly why: string
  readonly answers: readonly Question[]
  /** The first version that collects it; by default the very first. */
  readonly since?: string
  /** The first version that no longer collects it. */
  readonly until?: string
  /** What the names of a map mean, where the names do not say it. */
  readonly names?: Readonly<Record<string, string>>
}

/** The type checker requires a meaning for each field of an event, and allows no other. */
export type Meanings<Event extends ObjectValue = ObjectValue> =
  Event extends ObjectValue<infer Of extends Fields> ? Readonly<Record<Paths<Of>, Meaning>> : never

export const firstVersion = '0.1.0'

/** Fields of more than one family. */
export const uuidMeaning: Meaning = {
  carries: 'Random UUID, new for every event.',
  why: 'Lets the collector count an event once even if it arrives twice.',
  answers: ['coverage'],
}

export const clientIdMeaning: Meaning = {
  carries: 'The client id: a random UUID made on this machine.',
  why: 'Tells "one machine ten times" from "ten machines once".',
  answers: ['failures', 'installs'],
}
