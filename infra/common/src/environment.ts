export type Environment = Readonly<Record<string, string | undefined>>

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

/** Reads variables and collects every fault. An empty variable counts as absent. */
export interface EnvironmentReader {
  readonly text: (name: string) => string | undefined
  readonly integer: (name: string, least: number, most: number, otherwise: number) => number
  /** 1, 0 or empty. */
  readonly flag: (name: string) => boolean
  /** Names the variable but never its value, which may be a secret. */
  readonly fault: (name: string, problem: string) => undefined
  /** Throws one error with all faults. */
  readonly check: () => void
}

export function readerOf(env: Environment): EnvironmentReader {
  const faults: string[] = []
  const fault = (name: string, problem: string): undefined => void faults.push(`${name} ${problem}`)
  const text = (name: string): string | undefined => env[name]?.trim() || undefined
  return {
    text,
    integer: (name, least, most, otherwise) => {
      const given = text(name)
      if (given === undefined) return otherwise
      const value = /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
      if (value >= least && value <= most) return value
      fault(name, `must be a whole number from ${least} to ${most}`)
      return otherwise
    },
    flag: (name) => {
      const given = text(name) ?? '0'
      if (!['0', '1'].includes(given)) fault(name, 'must be 1, 0 or empty')
      return given === '1'
    },
    fault,
    check: () => {
      if (faults.length > 0) throw new SettingsError(faults)
    },
  }
}

/** Checks an address that receives secrets. `near` says which hosts need no encryption. */
export function problemOfAddress(
  text: string,
  example: string,
  near: { readonly what: string; readonly is: (hostname: string) => boolean },
): string | undefined {
  if (!URL.canParse(text)) return `must be an address such as ${example}`
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return 'must not hold a user name or a password'
  if (protocol === 'https:' || (protocol === 'http:' && near.is(hostname))) return undefined
  return `must begin with https:// (http:// only to ${near.what})`
}
