/** HTML that is known to be safe: either written here, or escaped on the way in. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Markup | string | number | false | undefined | readonly Part[]

/**
 * A template whose values are escaped, unless they are markup already. Its own indentation would be a
 * tenth of the page, and is left out.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = strings.map(
    (string, index) => string.replaceAll(/\n\s+/g, '\n') + textOf(parts[index]),
  )
  return new Markup(texts.join(''))
}

/**
 * The bytes of an event. Quotation marks stay as they are, so that a search of the page finds the
 * event. Only what could start a tag or an entity is escaped.
 */
export function exactBytes(bytes: string): Markup {
  return new Markup(bytes.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Markup) return part.text
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return part.map(textOf).join('')
}

function escaped(text: string): string {
  return exactBytes(text).text.replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}
