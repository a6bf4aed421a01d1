/** What a page in mdoc says about one command. */
export interface Entry {
  readonly options: readonly string[]
  readonly operands: readonly string[]
}

/** Keyed by the command's name; what belongs to no command stands under the empty name. */
export type Entries = ReadonlyMap<string, Entry>

/** The entries of the lists under OPTIONS and COMMANDS: `.It Cm name`, and `.It Fl name` below. */
export function listedIn(page: string): Entries {
  const items = ['OPTIONS', 'COMMANDS'].flatMap((name) =>
    section(page, name).filter((line) => /^\.It (Cm|Fl) /.test(line)),
  )
  return entriesOf(items.map((line) => line.slice('.It '.length)))
}

/** The forms of the command line under SYNOPSIS, each of which starts with `.Nm`. */
export function synopsisOf(page: string): Entries {
  const forms = section(page, 'SYNOPSIS').join(' ').split('.Nm').slice(1)
  return entriesOf(forms)
}

/** The variables that the lists under ENVIRONMENT explain. */
export function variablesIn(page: string): readonly string[] {
  return section(page, 'ENVIRONMENT')
    .filter((line) => line.startsWith('.It Ev '))
    .flatMap((line) => line.match(/[A-Za-z_]{4,}/g) ?? [])
}

/** What the list under FILES says is kept in the one folder that it abbreviates to `...`. */
export function filesIn(page: string): readonly string[] {
  return section(page, 'FILES')
    .filter((line) => line.startsWith('.It Pa '))
    .flatMap((line) => line.match(/(?<=\.\.\.\/)[\w.-]+/g) ?? [])
}

function section(page: string, name: string): readonly string[] {
  const lines = page.split('\n')
  const start = lines.indexOf(`.Sh ${name}`)
  if (start === -1) return []
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('.Sh '))
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length)
}

/** A text without a command is about the command before it, and its operands are an option's own. */
function entriesOf(texts: readonly string[]): Entries {
  const entries = new Map<string, Entry>()
  let current = ''
  for (const text of texts) {
    const command = /\bCm (\S+)/.exec(text)?.[1]
    current = command ?? current
    const { options, operands } = entries.get(current) ?? { options: [], operands: [] }
    entries.set(current, {
      options: [...options, ...optionsIn(text)],
      operands: command === undefined ? operands : [...operands, ...operandsIn(text)],
    })
  }
  return entries
}

/** `Fl h , Fl -help` and `Fl -raw | -explain`, as they are typed. */
function optionsIn(text: string): readonly string[] {
  const flag = String.raw`(?:-[a-z-]+|[A-Za-z])(?=\s|$)`
  const flags = new RegExp(String.raw`\bFl (${flag}(?: \| ${flag})*)`, 'g')
  return [...text.matchAll(flags)].flatMap(([, names = '']) =>
    names.split(' | ').map((name) => `-${name}`),
  )
}

/** What stands right behind an option is the option's own, unless it stands in its place. */
function operandsIn(text: string): readonly string[] {
  const others = text.replaceAll(/\bFl (\w \| )?-[a-z-]+ Ar \w+/g, '')
  return [...others.matchAll(/\bAr (\w+)/g)].map(([, name = '']) => name)
}

/** The literal words in what the page says about a command. */
export function wordsOf(page: string, command: string): readonly string[] {
  return wordsIn(entryOf(page, command))
}

/** The literal words in what the page says about `--json` after a command. */
export function keysOf(page: string, command: string): readonly string[] {
  const lines = entryOf(page, command)
  const start = lines.indexOf('.It Fl -json')
  const length = lines.slice(start + 1).findIndex((line) => /^\.(It|El)\b/.test(line))
  return wordsIn(lines.slice(start, start + 1 + length))
}

/** The literal words in what the page says about all commands. */
export function commonWordsIn(page: string): readonly string[] {
  const lines = section(page, 'COMMANDS')
  return wordsIn(lines.slice(0, lines.indexOf('.Bl -tag -width Ds')))
}

function entryOf(page: string, command: string): readonly string[] {
  const lines = section(page, 'COMMANDS')
  const start = lines.findIndex((line) => line.startsWith(`.It Cm ${command}`))
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('.It Cm '))
  return lines.slice(start, start + 1 + length)
}

function wordsIn(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => line.startsWith('.Li '))
    .flatMap((line) => line.slice('.Li '.length).match(/[a-z_]+/g) ?? [])
}
