import { fstatSync } from 'node:fs'

/** Is it a terminal? `stream` loads Node's stream, which is slow, so it is called only as a last resort. */
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
 * On Linux the major number of a device tells: consoles, serial lines, `/dev/tty` and pseudo-terminals
 * are terminals; devices such as `/dev/null` are not.
 */
export function isTerminalDevice(device: number): boolean | undefined {
  const major = (device >>> 8) & 0xfff
  if (major === 4 || major === 5 || (major >= 136 && major <= 143)) return true
  return major === 1 ? false : undefined
}
