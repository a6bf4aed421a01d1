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
