import { type SettingsDocument, Table } from '../../src/settings/table.ts'

/** All that a settings file says, with all lists alike. */
export const valuesIn = (
  document: SettingsDocument,
  path: readonly string[] = [],
  table: Table = document,
): unknown =>
  Object.fromEntries(
    table.names().map((name): [string, unknown] => {
      const here = [...path, name]
      const found = document.valueAt(here)
      return [name, found instanceof Table ? valuesIn(document, here, found) : found]
    }),
  )

/** The same of what a parser has made. */
export const withoutLists = (value: unknown): unknown => {
  if (Array.isArray(value)) return []
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutLists(one)]))
}
