import { describe, expect, it } from 'vitest'

import { platformOf, runtimePlatformOf } from '../../src/contract/platform.ts'

describe('the class of platform', () => {
  it.each([
    ['linux', 'x64', 'linux', 'x86_64'],
    ['darwin', 'arm64', 'macos', 'aarch64'],
    ['win32', 'ia32', 'windows', 'x86'],
    ['android', 'arm64', 'android', 'aarch64'],
    ['ios', 'arm64', 'ios', 'aarch64'],
    ['freebsd', 'x64', 'freebsd', 'x86_64'],
    ['openbsd', 'x64', 'openbsd', 'x86_64'],
    ['aix', 'ppc64', 'other', 'ppc64'],
    ['toString', '__proto__', 'other', 'other'],
  ])('of %s on %s is, in the runtime’s words, %s on %s', (platform, arch, os, name) => {
    expect(runtimePlatformOf(platform, arch)).toEqual({ os, arch: name })
  })

  it('has fewer values in a usage event', () => {
    expect(platformOf('android', 'arm64')).toEqual({ os: 'other', arch: 'arm64' })
  })
})
