import { lstatSync, statSync, type Stats } from 'node:fs'

/** What lies there, or behind the link that does. What cannot be looked at is not there for us. */
export function look(file: string): Stats | undefined {
  return quietly(() => statSync(file, { throwIfNoEntry: false }))
}

/** What lies there, be it a link. */
export function lookAtLink(file: string): Stats | undefined {
  return quietly(() => lstatSync(file, { throwIfNoEntry: false }))
}

function quietly(stat: () => Stats | undefined): Stats | undefined {
  try {
    return stat()
  } catch {
    return undefined
  }
}
