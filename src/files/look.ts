import { lstatSync, readdirSync, statSync, type Stats } from 'node:fs'

/** What lies there, or behind the link that does. What cannot be looked at is not there for us. */
export function look(file: string): Stats | undefined {
  return quietly(() => statSync(file, { throwIfNoEntry: false }))
}

/** What lies there, be it a link. */
export function lookAtLink(file: string): Stats | undefined {
  return quietly(() => lstatSync(file, { throwIfNoEntry: false }))
}

/** What a folder holds. Not having it, or not being let in, is the same as its being empty. */
export function namesIn(folder: string): readonly string[] {
  return quietly(() => readdirSync(folder)) ?? []
}

/** Another one as soon as something else lies there, or lies there in another way; '' for nothing. */
export function traceOf(file: string): string {
  const stat = look(file)
  return stat === undefined ? '' : `${stat.ino}/${stat.size}/${stat.mtimeMs}/${stat.ctimeMs}`
}

function quietly<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
