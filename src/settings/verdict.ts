import type { Product } from '../product/product.ts'
import { type Choices, strictest } from './choices.ts'
import type { Gone } from './collector.ts'
import type { Role } from './files.ts'
import type { IngestionKey } from './ingestion-key.ts'
import type { Settings } from './settings.ts'
import type { HostEnvironment } from './host-environment.ts'

/** One evaluated rule. `effect` is what it does here; `none`: it does not object. */
export interface Rule {
  readonly rule: string
  /** The variable or `file:line` that was read; null if there was none. */
  readonly source: string | null
  readonly value: string | boolean | null
  readonly effect: 'none' | 'off' | 'no_uploads'
}

export interface Verdict {
  /** May anything be counted or queued, or an id be made? */
  readonly collecting: boolean
  /** May anything leave this machine? Never true while `collecting` is false. */
  readonly uploading: boolean
  /** The first rule that objects; if none does, the one that consents. */
  readonly decidedBy: string
  /** Every rule, in the order of evaluation. */
  readonly rules: readonly Rule[]
}

export interface Evidence {
  readonly product: Product
  readonly environment: HostEnvironment
  readonly settings: Settings
  readonly choices: Choices
  readonly key: IngestionKey
  /** Set if the collector answered this version with 410. */
  readonly gone: Gone | undefined
  /** Nothing is stored in another user's home folder. */
  readonly isForeignHome: boolean
}

/**
 * Decides whether we may record and send. It is the only place that does: the library, the uploader
 * before every post, and `status` call this function, so they can't disagree. It evaluates all rules,
 * and any rule that says off wins.
 */
export function judge(evidence: Evidence): Verdict {
  const rules = [...refusals(evidence), collectorRule(evidence), uploadsRule(evidence)]
  const off = rules.find(({ effect }) => effect === 'off')
  const noUploads = rules.find(({ effect }) => effect === 'no_uploads')
  return {
    collecting: off === undefined,
    uploading: off === undefined && noUploads === undefined,
    decidedBy: (off ?? noUploads)?.rule ?? consent(rules),
    rules,
  }
}

function refusals(evidence: Evidence): readonly Rule[] {
  const { product, environment, settings } = evidence
  const { variables, suppressed } = product
  const { env } = environment
  return [
    variableRule('DO_NOT_TRACK', env),
    variableRule(variables.off, env),
    ...(variables.toggle === undefined ? [] : [toggleRule(variables.toggle, env)]),
    ...(product.places.systemSettings ? [fileRule('system_settings', 'system', settings)] : []),
    fileRule('user_settings', 'user', settings),
    fileRule('named_settings', 'named', settings),
    fileRule('project_settings', 'project', settings),
    fileRule('home_settings', 'home', settings),
    problemRule(settings),
    ciRule(suppressed.ci, environment),
    markerRule('test_run', suppressed.tests, env),
    markerRule('worker', suppressed.workers, env),
    keyRule(evidence),
    ...(evidence.isForeignHome ? [rule('foreign_home', environment.home ?? null, true, true)] : []),
  ]
}

type Environment = HostEnvironment['env']

const quiet = new Set(['', '0', 'false', 'no', 'off'])

/** Set, and not to a word that means no. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && !quiet.has(value.trim().toLowerCase())
}

function variableRule(name: string, env: Environment): Rule {
  const value = env[name]
  return rule(name, name, value ?? null, isSet(value))
}

const loud = new Set(['', '1', 'true', 'yes', 'on'])

/** Anything but a yes or an empty value is unclear, and so an opt-out. */
function toggleRule(name: string, env: Environment): Rule {
  const value = env[name]
  return rule(name, name, value ?? null, !loud.has((value ?? '').trim().toLowerCase()))
}

/** A yes in a settings file is only named as the source of consent. Only a no has an effect. */
function fileRule(name: string, role: Role, settings: Settings): Rule {
  const said = settings.said('enabled').filter(({ file }) => file?.role === role)
  const deciding = said.find(({ value }) => !value) ?? said[0]
  const file = settings.files.find((one) => one.role === role)
  return rule(
    name,
    deciding?.source ?? file?.path ?? null,
    deciding?.value ?? null,
    deciding?.value === false,
  )
}

function problemRule({ problems: [problem] }: Settings): Rule {
  if (problem === undefined) return rule('invalid_settings', null, null, false)
  const { path, line, column, message } = problem
  const spot = [path, line, column].filter((part) => part !== undefined).join(':')
  return rule('invalid_settings', spot, message, true)
}

function ciRule(markers: readonly string[], { env, ci }: HostEnvironment): Rule {
  const marker = markers.find((name) => isSet(env[name]))
  if (marker !== undefined) return rule('ci', marker, env[marker] ?? null, true)
  return rule('ci', ci === undefined ? null : 'environment', ci ?? null, ci !== undefined)
}

function markerRule(name: string, markers: readonly string[], env: Environment): Rule {
  const marker = markers.find((one) => isSet(env[one]))
  return rule(name, marker ?? null, (marker && env[marker]) ?? null, marker !== undefined)
}

function keyRule({ product, key, choices }: Evidence): Rule {
  const { value: required, source } = choices.requireIngestionKey
  return rule(
    'ingestion_key',
    product.ingestionKey === undefined ? null : source,
    key.state,
    required && key.state === 'missing',
  )
}

/** Counting goes on, so that the next version of the host is noticed. */
function collectorRule({ gone }: Evidence): Rule {
  const value = gone === undefined ? null : (gone.version ?? 'unknown')
  return {
    rule: 'collector',
    source: gone === undefined ? null : '410',
    value,
    effect: gone === undefined ? 'none' : 'no_uploads',
  }
}

function uploadsRule({ settings }: Evidence): Rule {
  const no = strictest(settings, 'uploads', false)
  const deciding = no ?? settings.said('uploads')[0]
  const effect = no === undefined ? 'none' : 'no_uploads'
  return {
    rule: 'uploads',
    source: deciding?.source ?? null,
    value: deciding?.value ?? null,
    effect,
  }
}

/** The user's own yes. A project's adds nothing to the default. */
function consent(rules: readonly Rule[]): string {
  const saysYes = ({ rule: name, value }: Rule) => users.has(name) && value === true
  return rules.find(saysYes)?.rule ?? 'default'
}

const users = new Set(['user_settings', 'named_settings', 'home_settings'])

function rule(name: string, source: string | null, value: Rule['value'], off: boolean): Rule {
  return { rule: name, source, value, effect: off ? 'off' : 'none' }
}
