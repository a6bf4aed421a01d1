/** A place in a text that is read from its beginning to its end. */
export class Cursor {
  protected readonly text: string
  protected at: number

  constructor(text: string) {
    this.text = text
    // Windows editors begin UTF-8 text with this mark.
    this.at = text.startsWith('\uFEFF') ? 1 : 0
  }

  /** Goes behind what the pattern, which is sticky, matches here. */
  protected take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at
    if (!pattern.test(this.text)) return false
    this.at = pattern.lastIndex
    return true
  }

  protected skip(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at += 1
    return true
  }
}

/** The offset behind what the sticky pattern matches from there on. */
export function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/** A pattern that begins where it is asked to. */
export function sticky(pattern: string): RegExp {
  return new RegExp(pattern, 'y')
}

/** Makes a grammar for the first text: most processes read none, and making it takes a while. */
export function lazily<Grammar>(make: () => Grammar): () => Grammar {
  let made: Grammar | undefined
  return () => (made ??= make())
}
