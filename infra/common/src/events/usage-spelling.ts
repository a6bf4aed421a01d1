import {
  accepts,
  fieldsOf,
  isObject,
  type JsonObject,
  type Product,
  usageContract,
} from 'runmat-telemetry/contract'

import { respellIds } from './spelling.ts'

/** Processors as Python and Go name them, by the contract's names. */
const processors: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  amd64: 'x86_64',
  armv6l: 'arm',
  armv7l: 'arm',
  armv8l: 'arm',
  i386: 'x86',
  i686: 'x86',
  loongarch64: 'loong64',
  ppc64le: 'ppc64',
}

const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' }

/** Rewrites what other implementations of a product's client say to the contract's words. */
export function respellUsage(product: Product, claim: JsonObject): JsonObject {
  const { platform, version, feature_capabilities: capabilities } = claim
  const known = Object.keys(product.usage.capabilities)
  const event = {
    ...claim,
    ...(isObject(platform) && { platform: respellPlatform(product, platform) }),
    ...(typeof version === 'string' && { version: respellVersion(version) }),
    ...(isObject(capabilities) && {
      feature_capabilities: respellCapabilities(known, capabilities),
    }),
  }
  respellIds(event)
  return event
}

/** What the contract has no word for is `other`, as our own client says. */
function respellPlatform(product: Product, platform: JsonObject): JsonObject {
  const { platform: contract } = usageContract(product).schema.fields
  const fields = contract && fieldsOf(contract)
  const word = (name: 'os' | 'arch', words: Readonly<Record<string, string>>): unknown => {
    const value = platform[name]
    if (typeof value !== 'string') return value
    const lower = value.toLowerCase()
    const known = Object.hasOwn(words, lower) ? words[lower] : lower
    const wanted = fields?.[name]
    return wanted && accepts(wanted, known) ? known : 'other'
  }
  return { ...platform, os: word('os', systems), arch: word('arch', processors) }
}

/**
 * A build without a version calls itself `0+unknown`, and Python writes `0.3.0rc1` or `0.3.0.dev1`; the
 * contract wants two numbers at least, and a hyphen or plus sign behind them.
 */
function respellVersion(version: string): string {
  const [, numbers, rest] = /^(\d{1,6}(?:\.\d{1,6}){0,2})(.*)$/.exec(version) ?? []
  if (numbers === undefined || rest === undefined) return version
  const two = numbers.includes('.') ? numbers : `${numbers}.0`
  return two + (/^([-+]|$)/.test(rest) ? rest : `-${rest.replace(/^\./, '')}`)
}

/** `ray_enabled` is `ray`, where the definition has only that. */
function respellCapabilities(known: readonly string[], capabilities: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(capabilities).map(([name, value]) => {
      const short = name.replace(/_enabled$/, '')
      const isOther = !known.includes(name) && known.includes(short)
      return [isOther && !Object.hasOwn(capabilities, short) ? short : name, value]
    }),
  )
}
