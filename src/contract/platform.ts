/** The class of platform, in the words of the events. */
export interface Platform {
  readonly os: string
  readonly arch: string
}

export const systemNames = ['linux', 'macos', 'windows', 'other']
export const architectureNames = [
  'x86_64',
  'arm64',
  'x86',
  'arm',
  'riscv64',
  'ppc64',
  's390x',
  'loong64',
  'other',
]

/** The runtime is another program and uses Rust's names. */
export const runtimeSystems = [
  ...systemNames,
  'freebsd',
  'openbsd',
  'netbsd',
  'android',
  'ios',
  'web',
]
export const runtimeArchitectures = [
  ...architectureNames,
  'aarch64',
  'powerpc64',
  'loongarch64',
  'wasm32',
]

/** Node's names for what events call differently. */
const systems: ReadonlyMap<string, string> = new Map([
  ['darwin', 'macos'],
  ['win32', 'windows'],
])
const architectures: ReadonlyMap<string, string> = new Map([
  ['x64', 'x86_64'],
  ['ia32', 'x86'],
])

/** From Node's names for it. */
export function platformOf(platform: string, arch: string): Platform {
  return {
    os: known(systemNames, systems.get(platform) ?? platform),
    arch: known(architectureNames, architectures.get(arch) ?? arch),
  }
}

/** The same in the runtime's words. */
export function runtimePlatformOf(platform: string, arch: string): Platform {
  const { arch: ours } = platformOf(platform, arch)
  return {
    os: known(runtimeSystems, systems.get(platform) ?? platform),
    arch: ours === 'arm64' ? 'aarch64' : ours,
  }
}

function known(names: readonly string[], name: string): string {
  return names.includes(name) ? name : 'other'
}
