/**
 * A schema as plain data, which needs no library to be checked against. `compile.ts` makes it when
 * the package is built, so the contract is still written down in one place only.
 */
export type Table =
  | 'boolean'
  | { readonly words: readonly unknown[] }
  | { readonly least: number; readonly most: number; readonly isWhole: boolean }
  | { readonly pattern: string; readonly longest?: number }
  | { readonly any: readonly Table[] }
  | { readonly names: readonly Named[] }

/** A name, what may stand there, and whether there is no event without it. */
export type Named = readonly [name: string, table: Table, isRequired: boolean]
