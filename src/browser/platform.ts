import type { Platform } from '../contract/platform.ts'
import { globals } from './page.ts'

/** Keyed by their names in events. The first that matches wins. */
const systems: readonly (readonly [name: string, sign: RegExp])[] = [
  ['android', /android/i],
  ['ios', /iphone|ipad|ipod|\bios\b/i],
  ['windows', /windows/i],
  ['macos', /mac ?os/i],
  ['linux', /linux|cros|chrom.* os/i],
  ['freebsd', /freebsd/i],
  ['openbsd', /openbsd/i],
]

// Every Mac says "Intel", so that tells nothing.
const architectures: typeof systems = [
  ['x86_64', /x86_64|x64|amd64/i],
  ['aarch64', /aarch64|arm64|iphone|ipad/i],
  ['x86', /i[3-6]86/i],
  ['arm', /armv\d/i],
]

/**
 * The class of platform, from what the browser sends to every site with every request. It does not
 * ask for more, because such details are used to identify people.
 */
export function platformHere(): Platform {
  const { userAgent = '', userAgentData } = globals.navigator ?? {}
  return {
    os: firstFit(systems, userAgentData?.platform || userAgent),
    arch: firstFit(architectures, userAgent),
  }
}

function firstFit(signs: typeof systems, text: string): string {
  return signs.find(([, sign]) => sign.test(text))?.[0] ?? 'other'
}
