/** A table of a settings file: its names in their order, and what stands under each. */
export class Table<Entry = unknown> {
  // Many a table has one name only. Making a map for each would take the longest of all.
  private first: string | undefined
  private firstEntry: Entry | undefined
  private others: Map<string, Entry> | undefined

  constructor() {
    this.first = undefined
    this.firstEntry = undefined
    this.others = undefined
  }

  get(name: string): Entry | undefined {
    return name === this.first ? this.firstEntry : this.others?.get(name)
  }

  set(name: string, entry: Entry): void {
    if (this.first === undefined || name === this.first) {
      this.first = name
      this.firstEntry = entry
    } else {
      this.others ??= new Map()
      this.others.set(name, entry)
    }
  }

  names(): readonly string[] {
    return this.first === undefined ? [] : [this.first, ...(this.others?.keys() ?? [])]
  }
}

/** All that a settings file says. Values are made only when they are asked for. */
export interface SettingsDocument extends Table {
  /** A table or a value; undefined if there is none. Nobody needs more of a list than that it is one. */
  readonly valueAt: (path: readonly string[]) => unknown
  /** Where a name, or the table of that path, is written. */
  readonly startOf: (path: readonly string[]) => number | undefined
}

/** What stands at a path of tables. */
export function entryAt<Entry>(
  root: Entry & Table<Entry>,
  path: readonly string[],
): Entry | undefined {
  let found: Entry | undefined = root
  for (const name of path) found = found instanceof Table ? (found.get(name) as Entry) : undefined
  return found
}
