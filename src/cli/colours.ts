import kleur from 'kleur'

import type { Ink } from './io.ts'

// Whether there is colour at all was decided before this file was loaded.
kleur.enabled = true

export const colours: Ink = {
  strong: kleur.bold,
  faint: kleur.dim,
  good: kleur.green,
  name: kleur.cyan,
}
