import type { Dice } from './dice.ts'

/** Writes some part of a document at its end. */
export type Write = () => void

const NAMES = [
  'n',
  'enabled-',
  'telemetry_',
  '日本 ',
  'a.b ',
  '# ',
  '[x] ',
  '= "',
  "it's ",
] as const

const COMMENTS = [
  '',
  ' plain',
  ' [runtime.telemetry]',
  ' enabled = true',
  '[[runtime]]',
  ' telemetry = { uploads = true }',
  ' """',
  " '''",
  ' } ] , "',
  ' \\',
  '\t# ünï 𝄞 \u0085\u2028\u2029',
] as const

const BOOLEANS = ['true', 'false'] as const

const NUMBERS = [
  '1',
  '-0',
  '+7',
  '0xDEAD_beef',
  '0o17',
  '0b1',
  '9223372036854775807',
  '1_000',
] as const

const FLOATS = ['1.5', '-0.0', '6.02e+23', 'inf', '-inf', 'nan', '-nan'] as const

const DATES = [
  '1979-05-27',
  '1979-05-27 07:32:00',
  '1979-05-27T07:32:00.5Z',
  '1979-05-27 00:32:00-07:00',
  '07:32:00',
] as const

const STRINGS = [
  '""',
  "''",
  '"a # b"',
  '"\u0085\u2028"',
  "'\u2028\u2029'",
  String.raw`'c:\'`,
  '"]},"',
  String.raw`"\" # \\"`,
  String.raw`"\u00e9𝄞\n"`,
  `'"""'`,
  `"'''"`,
  '""""a"" """',
  String.raw`"""\""""`,
  String.raw`"""x\\"""`,
  '"""a"""""',
  "'''it''s'''''",
  '"""\n[runtime.telemetry]\nenabled = true # no\n"""',
  "'''\n[[runtime]]\n  telemetry.enabled = true\n\\'''",
  '"""\\\n   # [telemetry]\n uploads = false \\  \n """',
] as const

const quotings = (name: string): [string, ...string[]] => {
  const basic = JSON.stringify(name)
  const code = name.charCodeAt(0).toString(16).padStart(4, '0')
  const escaped = `"\\u${code}${JSON.stringify(name.slice(1)).slice(1)}`
  const bare = /^[\w-]+$/.test(name) ? name : basic
  return [bare, basic, name.includes("'") ? escaped : `'${name}'`, escaped]
}

/** Writes TOML in every way that the format allows. */
export class Writer {
  readonly dice: Dice
  readonly comments: string[] = []
  text: string
  readonly #endings: readonly string[]
  #names = 0

  constructor(dice: Dice) {
    this.dice = dice
    this.#endings = dice.pick([['\n'], ['\r\n'], ['\n', '\r\n']])
    this.text = dice.chance(4) ? '\uFEFF' : ''
  }

  write(part: string): void {
    this.text += part
  }

  space(): void {
    this.write(this.dice.pick(['', ' ', '\t', '   ']))
  }

  comment(): void {
    const words = `#${this.dice.pick(COMMENTS)} ¶${this.comments.length}`
    this.comments.push(words)
    this.write(words)
  }

  ending(): string {
    return this.dice.pick(this.#endings) ?? '\n'
  }

  /** Returns the offset of the line ending. */
  endLine(): number {
    this.space()
    if (this.dice.chance(3)) this.comment()
    const end = this.text.length
    this.write(this.ending())
    return end
  }

  filler(): void {
    for (let lines = this.dice.roll(3); lines > 0; lines -= 1) this.endLine()
  }

  /** A name that no other key of the document has. */
  unique(): string {
    this.#names += 1
    return `${this.dice.pick(NAMES)}${this.#names}`
  }

  key(path: readonly string[]): string {
    const separator = this.dice.pick(['.', ' . ', '\t.', '. '])
    const key = path.map((name) => this.dice.pick(quotings(name))).join(separator)
    this.write(key)
    return key
  }

  /** Returns the key as it is written. */
  keyAndEquals(path: readonly string[]): string {
    const key = this.key(path)
    this.space()
    this.write('=')
    this.space()
    return key
  }

  items(open: string, items: readonly Write[], close: string): void {
    const isTall = this.dice.chance(2)
    const trivia = (): void => {
      if (isTall) this.filler()
      this.space()
    }
    this.write(open)
    items.forEach((item, index) => {
      trivia()
      item()
      trivia()
      if (index < items.length - 1 || this.dice.chance(3)) this.write(',')
    })
    trivia()
    this.write(close)
  }

  array(nesting: number): void {
    const length = this.dice.roll(4)
    const items = Array.from({ length }, () => () => this.value(nesting + 1))
    this.items('[', items, ']')
  }

  scalar(): void {
    const kinds = this.dice.pick([BOOLEANS, NUMBERS, FLOATS, DATES, STRINGS])
    this.write(this.dice.pick(kinds).replaceAll('\n', () => this.ending()))
  }

  value(nesting: number): void {
    const kind = nesting < 3 ? this.dice.roll(5) : 0
    if (kind === 4)
      this.items('{', [...this.noise(nesting + 1), ...this.lookalike(nesting + 1)], '}')
    else if (kind === 3) this.array(nesting)
    else this.scalar()
  }

  pair(path: readonly string[], nesting = 0): Write {
    return () => {
      this.keyAndEquals(path)
      this.value(nesting)
    }
  }

  noise(nesting = 0): Write[] {
    return Array.from({ length: this.dice.roll(3) }, () => {
      const names = this.dice.chance(4) ? [this.unique(), this.unique()] : [this.unique()]
      return this.pair(names, nesting)
    })
  }

  /** The key that the tests look for, or an end of it, for places where it means another one. */
  lookalike(nesting = 0): Write[] {
    const path = this.dice.pick([
      ['runtime', 'telemetry', 'enabled'],
      ['telemetry', 'uploads'],
    ])
    const end = path.slice(this.dice.roll(path.length))
    return this.dice.chance(2) ? [this.pair(end, nesting)] : []
  }

  /** Returns the offset of the line ending. */
  header(path: readonly string[], open = '[', close = ']'): number {
    this.filler()
    this.space()
    this.write(open)
    this.space()
    this.key(path)
    this.space()
    this.write(close)
    return this.endLine()
  }

  /** Returns the offset of the last one's line ending. */
  lines(items: readonly Write[]): number | undefined {
    const indent = this.dice.pick(['', '  ', '\t'])
    let end: number | undefined
    for (const item of items) {
      this.filler()
      this.write(indent)
      item()
      end = this.endLine()
    }
    return end
  }
}
