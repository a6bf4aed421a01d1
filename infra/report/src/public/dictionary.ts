import { contractsOf, dictionaryOf, runmat, type ValueNote } from 'runmat-telemetry/contract'

import { isObject } from '../facts/recognise.ts'
import { type Markup, markup, verbatim } from '../show/markup.ts'
import { style } from '../show/style.ts'

export interface Entry {
  readonly event: string
  readonly field: string
  readonly carries: string
  readonly why: string
  /** The questions that it helps to answer. */
  readonly answers: readonly string[]
  /** The version that collected it first. */
  readonly since: string
  readonly values: readonly string[]
}

/** Every field that an event may carry, on every level, and nothing else can. */
export function dictionary(): readonly Entry[] {
  return dictionaryOf(runmat, contractsOf(runmat)).events.flatMap(({ title, fields }) =>
    fields.map(({ field, carries, why, answers, since, value }) => ({
      event: title,
      field,
      carries,
      why,
      answers,
      since,
      values: valuesOf(value),
    })),
  )
}

/** The words that may stand there; for a map of numbers, its names. */
function valuesOf({ values = [], names = [], each }: ValueNote): readonly string[] {
  return [...values.map(String), ...(each === undefined ? [] : names)]
}

export interface Change {
  readonly day: string
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

export function isEntry(value: unknown): value is Entry {
  return isObject(value) && ['event', 'field'].every((name) => typeof value[name] === 'string')
}

export function isChange(value: unknown): value is Change {
  if (!isObject(value) || typeof value['day'] !== 'string') return false
  return [value['added'], value['removed'], value['changed']].every(
    (names) => Array.isArray(names) && names.every((name) => typeof name === 'string'),
  )
}

/** What is new since the dictionary was published last, before all that changed earlier. */
export function changesOf(
  before: readonly Entry[] | undefined,
  now: readonly Entry[],
  earlier: readonly Change[],
  day: string,
): readonly Change[] {
  if (before === undefined) return earlier
  const old = new Map(before.map((entry) => [nameOf(entry), JSON.stringify(entry)]))
  const current = new Map(now.map((entry) => [nameOf(entry), JSON.stringify(entry)]))
  const change: Change = {
    day,
    added: [...current.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !current.has(name)),
    changed: [...current].flatMap(([name, text]) =>
      old.has(name) && old.get(name) !== text ? [name] : [],
    ),
  }
  const isSame = [change.added, change.removed, change.changed].every((names) => names.length === 0)
  // A site that was killed while it was written may have them already.
  const isKnown = JSON.stringify(earlier[0]) === JSON.stringify(change)
  return isSame || isKnown ? earlier : [change, ...earlier]
}

function nameOf({ event, field }: Entry): string {
  return `${event}: ${field}`
}

export function dictionaryPage(
  entries: readonly Entry[],
  changes: readonly Change[],
  links: Markup,
): string {
  const events = [...new Set(entries.map(({ event }) => event))]
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>RunMat telemetry: every field</title>
<style>${verbatim(style)}</style>
</head>
<body>
<header>
<h1>Every field that RunMat’s telemetry may carry</h1>
${links}
</header>
<main>
${events.map((event, at) => section(event, entries, `d${at}`))}
<section aria-labelledby="changes"><h2 id="changes">What changed</h2>
${changes.length === 0 ? markup`<p>Nothing since this list was first published.</p>` : changes.map(changeMarkup)}
</section>
</main>
</body>
</html>
`.text
}

function section(event: string, entries: readonly Entry[], id: string): Markup {
  const own = entries.filter((entry) => entry.event === event)
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${event}</h2>
<div class="scroll" role="region" tabindex="0" aria-label="${event}: fields"><table class="words">
<thead><tr><th scope="col">field</th><th scope="col">what it carries</th><th scope="col">why</th><th scope="col">for</th><th scope="col">since</th></tr></thead>
<tbody>
${own.map(
  ({
    field,
    carries,
    why,
    answers,
    since,
    values,
  }) => markup`<tr><th scope="row">${field}</th><td>${carries}${values.length === 0 ? '' : ` (${values.join(', ')})`}</td><td>${why}</td><td class="for">${answers.join(', ')}</td><td class="since">${since}</td></tr>
`,
)}
</tbody></table></div></section>
`
}

function changeMarkup({ day, added, removed, changed }: Change): Markup {
  const parts = [
    ['Added', added],
    ['Removed', removed],
    ['Changed', changed],
  ] as const
  return markup`<p>${day}. ${parts.flatMap(([what, names]) => (names.length === 0 ? [] : [`${what}: ${names.join(', ')}. `]))}</p>
`
}
