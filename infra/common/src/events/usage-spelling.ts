import { isObject, type JsonObject, type Product } from 'runmat-telemetry/contract'

/** Processors as Python and Go name them, by the contract's names. */
const processors: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  amd64: 'x86_64',
  armv7l: 'arm',
  i386: 'x86',
  i686: 'x86',
}

const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' }

/** Rewrites what other implementations of a product's client say to the contract's words. */
export function respellUsage({ usage }: Product, claim: JsonObject): JsonObject {
  const { platform, version, feature_capabilities: capabilities } = claim
  return {
    ...claim,
    ...(isObject(platform) && { platform: respellPlatform(platform) }),
    ...(typeof version === 'string' && { version: respellVersion(version) }),
    ...(isObject(capabilities) && {
      feature_capabilities: respellCapabilities(Object.keys(usage.capabilities), capabilities),
    }),
  }
}

function respellPlatform(platform: JsonObject): JsonObject {
  const word = (value: unknown, words: Readonly<Record<string, string>>): unknown => {
    if (typeof value !== 'string') return value
    const lower = value.toLowerCase()
    return Object.hasOwn(words, lower) ? words[lower] : lower
  }
  return {
    ...platform,
    os: word(platform['os'], systems),
    arch: word(platform['arch'], processors),
  }
}

/** A build without a version calls itself `0+unknown`; the contract wants two numbers at least. */
function respellVersion(version: string): string {
  return version.replace(/^(\d{1,6})(?=[-+]|$)/, '$1.0')
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
