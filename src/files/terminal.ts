import { fstatSync } from 'node:fs'

/** Is it a terminal? `stream` makes Node's stream for it, which is slow, and is asked only where nothing else tells. */
export function isTerminal(
  descriptor: number,
  stream: () => { readonly isTTY?: boolean },
  platform: string,
): boolean {
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isCharacterDevice()) return false
    const known = platform === 'linux' ? isTerminalDevice(stat.rdev) : undefined
    return known ?? stream().isTTY === true
  } catch {
    return false
  }
}

/**
 * Linux tells by a device's major number: consoles and serial lines, `/dev/tty`, and the ends that
 * terminal emulators open are terminals; `/dev/null` and its like are not.
 */
export function isTerminalDevice(device: number): boolean | undefined {
  const major = (device >>> 8) & 0xfff
  if (major === 4 || major === 5 || (major >= 136 && major <= 143)) return true
  return major === 1 ? false : undefined
}
