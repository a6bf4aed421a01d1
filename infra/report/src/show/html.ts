import type { Answer, Answers } from './answers.ts'
import { chartOf } from './chart.ts'
import { coverageLine } from './heading.ts'
import { type Markup, markup, nothing, verbatim } from './markup.ts'
import { style } from './style.ts'
import { type Segment, type Table, tableOf } from './table.ts'

export interface Page {
  /** Links beside the heading, to other pages of a site. */
  readonly links?: readonly { readonly text: string; readonly href: string }[]
  /** Says more about the figures than their coverage does. */
  readonly remark?: string
  readonly coverage?: string
  /** What stands in place of a table without rows. */
  readonly empty?: string
}

/** One file, without script, that asks for nothing from anywhere. */
export function htmlOf(answers: Answers, page: Page = {}): string {
  const { title, release, compared } = answers
  const heading = release === undefined ? title : `${title} ${release}`
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>${heading}</title>
<style>${verbatim(style)}</style>
</head>
<body>
<header>
<h1>${heading}</h1>
<p>${page.coverage ?? coverageLine(answers.coverage)}</p>
${page.remark === undefined ? nothing : markup`<p>${page.remark}</p>`}
${linksOf(page)}
</header>
<main>
${answers.answers.map((answer, at) => section(answer, answers, `q${at}`, page))}
${
  compared === undefined
    ? nothing
    : markup`<h1>Release ${compared.release}</h1>
${compared.answers.map((answer, at) => section(answer, { ...answers, byDay: [] }, `c${at}`, page))}`
}
</main>
</body>
</html>
`.text
}

export function linksOf({ links = [] }: Pick<Page, 'links'>): Markup {
  if (links.length === 0) return nothing
  const items = links.map(({ text, href }) => markup`<li><a href="${href}">${text}</a></li>`)
  return markup`<nav aria-label="Pages"><ul>${items}</ul></nav>`
}

function section(answer: Answer, answers: Answers, id: string, { empty = 'None.' }: Page): Markup {
  const table = tableOf(answer, answers)
  const chart = answer.question.name === 'active' ? chartOf(answers.byDay) : nothing
  return markup`<section aria-labelledby="${id}">
<h2 id="${id}">${table.title}</h2>
<p>${table.note}</p>
${chart}
${table.rows.length === 0 ? markup`<p>${empty}</p>` : tableMarkup(table)}
</section>
`
}

function tableMarkup(table: Table): Markup {
  const { columns, rows, bars, more, title } = table
  const head = columns.map((column) =>
    column.label === ''
      ? markup`<th scope="col"><span class="hidden">measure</span></th>`
      : markup`<th scope="col"${kindOf(column)}>${column.label}</th>`,
  )
  const tones = [...new Set(rows.flatMap(({ bar }) => bar.map(({ tone }) => tone)))]
  const key =
    tones.length < 2
      ? nothing
      : markup`<p class="key">${bars.split(', ').map((name, at) => markup`<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${tones[at] ?? ''}" width="10" height="10"/></svg>${name}</span> `)}</p>`
  return markup`${key}<div class="scroll" role="region" tabindex="0" aria-label="${title} Table"><table${layoutOf(columns)}>
<thead><tr>${head}<td class="bar"><span class="hidden">${bars}</span></td></tr></thead>
<tbody>
${rows.map((row) => rowMarkup(row, columns))}
</tbody>
</table></div>${more === '' ? nothing : markup`<p>${more}.</p>`}`
}

/**
 * On a phone, the names and the numbers of a row have lines of their own, and many numbers two. Where
 * they fill a screen or a page, bars are left out.
 */
function layoutOf(columns: Table['columns']): Markup {
  if (columns.length <= 5) return nothing
  const isMany = columns.filter(({ isNumber }) => isNumber).length > 6
  const isFull = columns.length > 10
  const names = ['tall', ...(isMany ? ['many'] : []), ...(isFull ? ['full'] : [])]
  return verbatim(` class="${names.join(' ')}"`)
}

function kindOf({ isNumber, isDay }: Table['columns'][number]): Markup {
  const kinds = [...(isNumber ? ['n'] : []), ...(isDay === true ? ['day'] : [])]
  return kinds.length === 0 ? nothing : verbatim(` class="${kinds.join(' ')}"`)
}

/** A name that is longer than any of RunMat's own may break anywhere. */
const longest = 40

function rowMarkup({ cells, bar }: Table['rows'][number], columns: Table['columns']): Markup {
  const shown = columns.map((column, at) => {
    const cell = cells[at] ?? ''
    const isLong = !column.isNumber && cell.length > longest
    const kind = isLong ? verbatim(' class="long"') : kindOf(column)
    return at === 0 && !column.isNumber
      ? markup`<th scope="row"${kind}>${cell}</th>`
      : markup`<td${kind}>${cell}</td>`
  })
  return markup`<tr>${shown}<td class="bar">${barMarkup(bar)}</td></tr>
`
}

/** The figures stand beside it in words, so those who do not see the bar miss nothing. */
function barMarkup(segments: readonly Segment[]): Markup {
  let from = 0
  const parts = segments
    .filter(({ share }) => share > 0)
    .map(({ share, tone }) => {
      const width = Math.max(0.4, Math.round(share * 1000) / 10)
      const rect = markup`<rect class="${tone}" x="${Math.round(from * 10) / 10}" width="${width}" height="10"/>`
      from += share * 100
      return rect
    })
  return markup`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`
}
