import path from 'node:path'

import { look, namesIn } from '../files/look.ts'
import { removeFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'

/** Whoever writes has done so long before. */
const ageMs = 60 * 60 * 1000

/** Removes what was being written by those who were killed. */
export function removeLeftovers({ state, queue }: Pick<Paths, 'state' | 'queue'>): void {
  for (const file of [state, queue].flatMap(temporaryIn)) {
    const written = look(file)?.mtimeMs ?? Date.now()
    if (Math.abs(Date.now() - written) > ageMs) removeFile(file)
  }
}

function temporaryIn(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.tmp'))
    .map((name) => path.join(folder, name))
}
