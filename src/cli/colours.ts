import kleur from 'kleur'

// Whether there is colour at all was decided before this file was loaded.
kleur.enabled = true

export const colours = {
  strong: kleur.bold,
  faint: kleur.dim,
  warning: kleur.yellow,
  name: kleur.cyan,
}
