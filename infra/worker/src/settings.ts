import { limits } from './limits.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface PostHogSettings {
  readonly kind: 'posthog'
  readonly apiKey: string
  readonly host: string
}

export interface FileSettings {
  readonly kind: 'file'
  readonly path: string
}

export interface Ga4Settings {
  readonly endpoint: string
  readonly measurementId: string
  readonly apiSecret: string
}

export interface Settings {
  readonly port: number
  /** Undefined listens on every address. */
  readonly host: string | undefined
  /** Empty only where the operator asked for it: then nobody needs a key. */
  readonly keys: readonly string[]
  readonly sink: PostHogSettings | FileSettings
  readonly ga4: Ga4Settings | undefined
  readonly maxBodyBytes: number
  /** How many proxies of our own stand before us, each of which adds an address. */
  readonly trustProxy: number
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/** Reads the environment once, and says everything that is wrong with it at once. */
export function readSettings(env: Environment): Settings {
  const faults: string[] = []
  const fault = (name: string, problem: string): undefined => void faults.push(`${name} ${problem}`)
  const text = (name: string): string | undefined => env[name]?.trim() || undefined
  const integer = (name: string, least: number, most: number, otherwise: number): number => {
    const given = text(name)
    if (given === undefined) return otherwise
    const value = /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    fault(name, `must be a whole number from ${least} to ${most}`)
    return otherwise
  }
  const token = (name: string): string | undefined => {
    const given = text(name)
    if (given === undefined || isToken(given)) return given
    return fault(name, 'must be visible ASCII characters without spaces')
  }
  const address = (name: string, otherwise: string): string => {
    const given = text(name) ?? otherwise
    const problem = problemOf(given)
    if (problem !== undefined) fault(name, problem)
    return given
  }

  const settings: Settings = {
    port: integer('PORT', 0, 65_535, 8080),
    host: text('HOST'),
    keys: keysOf(env, fault),
    sink: sinkOf(),
    ga4: ga4Of(),
    maxBodyBytes: integer('MAX_BODY_BYTES', 1024, limits.heldBytes / 4, 1024 * 1024),
    trustProxy: integer('TRUST_PROXY', 0, 8, 0),
  }
  if (faults.length > 0) throw new SettingsError(faults)
  return settings

  function sinkOf(): Settings['sink'] {
    const host = address('POSTHOG_HOST', 'https://us.i.posthog.com')
    const apiKey = token('POSTHOG_API_KEY')
    if (apiKey !== undefined) return { kind: 'posthog', apiKey, host: host.replace(/\/+$/, '') }
    const path = text('EVENTS_FILE') ?? './events.ndjson'
    if (path.includes('\0')) fault('EVENTS_FILE', 'must be the name of a file')
    return { kind: 'file', path }
  }

  function ga4Of(): Ga4Settings | undefined {
    const endpoint = address('GA_ENDPOINT', 'https://www.google-analytics.com/mp/collect')
    const measurementId = token('GA_MEASUREMENT_ID')
    const apiSecret = token('GA_API_SECRET')
    if (measurementId !== undefined && apiSecret !== undefined) {
      return { endpoint, measurementId, apiSecret }
    }
    if (measurementId !== undefined)
      fault('GA_API_SECRET', 'is missing, with GA_MEASUREMENT_ID set')
    if (apiSecret !== undefined) fault('GA_MEASUREMENT_ID', 'is missing, with GA_API_SECRET set')
    return undefined
  }
}

function keysOf(env: Environment, fault: (name: string, problem: string) => void): string[] {
  const keyless = env['ALLOW_KEYLESS']?.trim() ?? ''
  if (!['', '0', '1'].includes(keyless)) fault('ALLOW_KEYLESS', 'must be 1, 0 or empty')
  const given = (env['INGESTION_KEY'] ?? '').split(',').map((key) => key.trim())
  const keys = given.filter((key) => key !== '')
  if (!keys.every((key) => isToken(key) && key.length <= limits.keyLength)) {
    fault(
      'INGESTION_KEY',
      `must be keys of up to ${limits.keyLength} visible ASCII characters, with commas between`,
    )
  }
  if (keys.length === 0 && keyless !== '1') {
    fault('INGESTION_KEY', 'is empty; set it, or ALLOW_KEYLESS=1 to take events from anybody')
  }
  return keys
}

function isToken(text: string): boolean {
  return /^[\u0021-\u007e]+$/.test(text)
}

function problemOf(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an address such as https://example.invalid'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password'
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && local)) return undefined
  return 'must begin with https:// (http:// only to this machine)'
}
