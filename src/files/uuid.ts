import { closeSync, openSync, readSync } from 'node:fs'

/**
 * A random (version 4) UUID. It reads the kernel's random device directly, because loading
 * node:crypto would take longer than everything else in recording an event.
 */
export function newUuid(): string {
  if (pool.length < 16) pool = kernelRandom(256) ?? pool
  if (pool.length < 16) return crypto.randomUUID()
  const bytes = pool.subarray(0, 16)
  pool = pool.subarray(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Random bytes that were read and not used yet. */
let pool: Buffer = Buffer.alloc(0)

/** On Windows this path would be a file on the current drive, which anyone may have created. */
export function kernelSource(platform: string): string | undefined {
  return platform === 'win32' ? undefined : '/dev/urandom'
}

function kernelRandom(length: number): Buffer | undefined {
  const source = kernelSource(process.platform)
  if (source === undefined) return undefined
  let descriptor: number | undefined
  try {
    descriptor = openSync(source, 'r')
    const bytes = Buffer.alloc(length)
    return readSync(descriptor, bytes, 0, length, null) === length ? bytes : undefined
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
