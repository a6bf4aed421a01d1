/** Markup that is safe to put into a page. */
export interface Markup {
  readonly text: string
}

type Part = string | number | Markup | readonly (Markup | string)[]

/** What stands in `${}` is text, and is escaped, unless it is markup itself. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return {
    text: strings
      .map((piece, at) => piece + (at < parts.length ? written(parts[at] ?? '') : ''))
      .join(''),
  }
}

export const nothing: Markup = { text: '' }

/** For what is ours, such as the style sheet. */
export function verbatim(text: string): Markup {
  return { text }
}

function written(part: Part): string {
  if (typeof part === 'string') return escape(part)
  if (typeof part === 'number') return String(part)
  return 'text' in part ? part.text : part.map(written).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Control characters mean nothing in a page, and some end it. */
function escape(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
