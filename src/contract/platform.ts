const systems: ReadonlyMap<string, string> = new Map([
  ['linux', 'linux'],
  ['darwin', 'macos'],
  ['win32', 'windows'],
])

const architectures: ReadonlyMap<string, string> = new Map([
  ['x64', 'x86_64'],
  ['arm64', 'arm64'],
  ['ia32', 'x86'],
  ['arm', 'arm'],
  ['riscv64', 'riscv64'],
  ['ppc64', 'ppc64'],
  ['s390x', 's390x'],
  ['loong64', 'loong64'],
])

export const systemNames = [...systems.values(), 'other']
export const architectureNames = [...architectures.values(), 'other']

export interface Platform {
  readonly os: string
  readonly arch: string
}

/** The class of platform, from Node's names for it. */
export function platformOf(platform: string, arch: string): Platform {
  return { os: systems.get(platform) ?? 'other', arch: architectures.get(arch) ?? 'other' }
}

/** The runtime is not ours and says Rust's names. */
export const runtimeSystems = [...systemNames, 'freebsd', 'openbsd', 'netbsd', 'android', 'ios']
export const runtimeArchitectures = [
  ...architectureNames,
  'aarch64',
  'powerpc64',
  'loongarch64',
  'wasm32',
]

/** Installers say what `uname` and Windows call it. */
export const installSystems = [...systemNames, 'darwin', 'freebsd']
export const installArchitectures = [
  ...architectureNames,
  'aarch64',
  'amd64',
  'AMD64',
  'ARM64',
  'armv7l',
  'i686',
]

/** The same platform in the runtime's words. */
export function runtimePlatformOf(platform: string, arch: string): Platform {
  const { os, arch: ours } = platformOf(platform, arch)
  return {
    os: runtimeSystems.includes(platform) ? platform : os,
    arch: ours === 'arm64' ? 'aarch64' : ours,
  }
}
