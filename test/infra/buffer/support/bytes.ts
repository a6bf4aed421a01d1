import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** Every file below these folders, with all its bytes. A server may delete some meanwhile. */
export function bytesIn(folders: readonly string[]): readonly (readonly [string, string])[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
      const file = path.join(folder, name)
      try {
        return statSync(file).isFile() ? [[file, readFileSync(file, 'latin1')] as const] : []
      } catch {
        return []
      }
    }),
  )
}

/** The files in which one of these words stands. */
export function filesWith(folders: readonly string[], words: Iterable<string>): readonly string[] {
  const all = [...words]
  const files = bytesIn(folders).filter(([, bytes]) => all.some((word) => bytes.includes(word)))
  return files.map(([file]) => file)
}

/**
 * The tombstones, which have to name whom they keep away: the stream of them and, in a cluster, its log.
 * Only that stream's files hold its subject beside a day.
 */
export function areTombstones(file: string, bytes: string): boolean {
  if (file.includes('/streams/telemetry-erased/')) return true
  return (
    file.includes('/_js_/S-R') && bytes.includes('telemetry.erased') && bytes.includes('"day":')
  )
}
