const systems: Readonly<Record<string, string>> = {
  linux: 'linux',
  darwin: 'macos',
  win32: 'windows',
}

const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'arm64',
  ia32: 'x86',
  arm: 'arm',
  riscv64: 'riscv64',
  ppc64: 'ppc64',
  s390x: 's390x',
  loong64: 'loong64',
}

export const systemNames = [...Object.values(systems), 'other']
export const architectureNames = [...Object.values(architectures), 'other']

export interface Platform {
  readonly os: string
  readonly arch: string
}

/** The class of platform, from Node's names for it. */
export function platformOf(platform: string, arch: string): Platform {
  return { os: systems[platform] ?? 'other', arch: architectures[arch] ?? 'other' }
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
  return { os, arch: ours === 'arm64' ? 'aarch64' : ours }
}
