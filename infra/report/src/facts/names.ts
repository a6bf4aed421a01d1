export const unknown = 'unknown'

const architectures: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  x64: 'x86_64',
  'x86-64': 'x86_64',
  aarch64: 'arm64',
}

const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' }

/** One name for each processor, however the client's system spells it. */
export function archName(given: unknown): string {
  const name = word(given)
  const lower = name.toLowerCase()
  return architectures[lower] ?? (lower === 'arm64' || lower === 'x86_64' ? lower : name)
}

export function osName(given: unknown): string {
  const name = word(given)
  return systems[name] ?? name
}

/** `macos-aarch64` and `macos-arm64` are one release target. Without one, the system decides. */
export function platformName(given: unknown, os: string, arch: string): string {
  const name = word(given)
  if (name === unknown) {
    return os === unknown || arch === unknown ? unknown : `${os}-${arch}`
  }
  const [system = '', processor, ...rest] = name.split('-')
  if (processor === undefined) return name
  return [osName(system), archName(processor), ...rest].join('-')
}

export function releaseName(given: unknown): string {
  const name = word(given)
  const release = /^v\d/.test(name) ? name.slice(1) : name
  return release === noRelease ? unknown : release
}

/** What a client that knows no version says where one is required. */
const noRelease = '0.0.0'

const longest = 128

/** Any other word. What is no text, empty or too long to be a name counts as absent. */
export function word(given: unknown): string {
  return typeof given === 'string' && given !== '' && given.length <= longest ? given : unknown
}
