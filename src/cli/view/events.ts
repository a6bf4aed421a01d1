import { isObject } from '../../contract/check.ts'
import type { FieldNote } from '../../contract/dictionary.ts'
import { hasNone } from '../access.ts'
import type { Invocation } from '../invocation.ts'
import { ago } from '../time.ts'
import { plural } from '../words.ts'
import { lastAttempt } from '../delivery-words.ts'
import { exactBytes, html, type Markup } from './markup.ts'
import type { Listing, ShownEvent, Snapshot } from './snapshot.ts'

/** What is about to leave, and why it has not yet. */
export function waitingSection(invocation: Invocation, snapshot: Snapshot): Markup {
  const { context } = invocation
  const { waiting, preview, status, now } = snapshot
  const trouble = lastAttempt(context, status, now)
  return html`<section aria-labelledby="waiting">
    <h2 id="waiting">
      ${
        waiting.total > 0
          ? `${plural(waiting.total, 'event')} waiting`
          : orUnknown(hasNone.waiting(context), 'Nothing is waiting to be sent', 'is waiting')
      }
    </h2>
    ${trouble !== undefined && html`<p class="warning">${trouble}</p>`}
    ${
      waiting.total > 0 &&
      !status.uploading &&
      html`<p>None of these is sent${status.collecting ? '' : ' while telemetry is off'}.</p>`
    }
    ${
      preview
        ? html`<p>${previewWords(invocation, snapshot)}</p>
            ${eventBytes(preview, 'preview')}
            <details id="fields-preview">
              <summary>What each field is, and why</summary>
              ${fieldTable(preview)}
            </details>`
        : events('waiting', waiting, snapshot)
    }
  </section>`
}

function previewWords({ context }: Invocation, { hasStats }: Snapshot): string {
  const { collecting, uploading } = context.verdict
  const fields = 'would have these fields, and no others:'
  if (!collecting) return `Nothing is recorded while telemetry is off. An event ${fields}`
  if (!uploading) return `No event is made while nothing may be sent. One ${fields}`
  const isFirst = !hasStats && hasNone.waiting(context) && hasNone.sent(context)
  return !isFirst
    ? `An event that is recorded now ${fields}`
    : `Nothing has been recorded on this machine yet. The first event ${fields}`
}

/** The exact bytes that have left, as the ledger keeps them. */
export function sentSection({ context }: Invocation, snapshot: Snapshot): Markup {
  const { sent } = snapshot
  return html`<section aria-labelledby="sent">
    <h2 id="sent">
      ${
        sent.total > 0
          ? `${plural(sent.total, 'event')} sent`
          : orUnknown(hasNone.sent(context), 'Nothing is on record as sent', 'was sent')
      }
    </h2>
    ${sent.total > 0 && events('sent', sent, snapshot)}
  </section>`
}

/** While a file or folder of ours can't be read, nobody knows that there is nothing in it. */
function orUnknown(isCertain: boolean, nothing: string, what: string): string {
  return isCertain ? nothing : `What ${what} is unknown at this moment`
}

function events(name: 'waiting' | 'sent', listing: Listing, { now, explained }: Snapshot): Markup {
  const { page, hasMore } = listing
  const to = (target: number) => `/?${name}=${target}#${name}`
  return html`<ol class="events">
      ${listing.events.map(
        (event, index) =>
          html`<li>
            <strong>${event.title}</strong>
            <span class="soft"
              >${
                event.sent === undefined
                  ? `recorded ${ago(event.at, now)}`
                  : `sent ${ago(event.at, now)} to ${event.sent.to}, ${event.sent.answer}`
              }</span
            >
            ${event.bytes !== '' && eventBytes(event, `${name}-${event.id}`)}
            ${
              index === 0 && page === 1 && explained === undefined
                ? html`<details id="fields-${name}">
                    <summary>What each field is, and why</summary>
                    ${fieldTable(event)}
                  </details>`
                : html`<a class="screen" href="/?event=${event.id}#event">Explain this event</a>`
            }
          </li>`,
      )}
    </ol>
    <p class="screen">
      ${page > 1 && html`<a href="${to(page - 1)}">Newer</a> `}
      ${hasMore && html`<a href="${to(page + 1)}">Older</a>`}
    </p>`
}

function eventBytes({ bytes }: ShownEvent, id: string): Markup {
  return html`<pre id="${id}">${exactBytes(bytes)}</pre>`
}

/** One event, and the dictionary's words for each of its fields. */
export function eventSection(event: ShownEvent, now: number): Markup {
  return html`<section aria-labelledby="event" class="panel">
    <h2 id="event">${event.title}</h2>
    <p class="soft">
      ${
        event.sent === undefined
          ? `Waiting since it was recorded, ${ago(event.at, now)}.`
          : `Sent ${ago(event.at, now)} to ${event.sent.to}, ${event.sent.answer}.`
      }
    </p>
    ${eventBytes(event, 'event-bytes')} ${fieldTable(event)}
    <p class="screen"><a href="/">Back to everything</a></p>
  </section>`
}

function fieldTable({ bytes, contract }: ShownEvent): Markup {
  const values = JSON.parse(bytes) as Readonly<Record<string, unknown>>
  const fields = contract?.fields ?? []
  return html`<table class="wide">
    <thead>
      <tr>
        <th scope="col">Field</th>
        <th scope="col">Value</th>
        <th scope="col">What it is, and why</th>
      </tr>
    </thead>
    <tbody>
      ${fields
        .filter(({ field }) => Object.hasOwn(values, field))
        .map((field) => fieldRows(field, values[field.field]))}
    </tbody>
  </table>`
}

/** A field, and below it each field inside that has words of its own. */
function fieldRows({ field, carries, why, names }: FieldNote, value: unknown): Markup {
  const inner = isObject(value)
    ? names.filter(({ name, meaning }) => meaning !== '' && Object.hasOwn(value, name))
    : []
  const isShownBelow =
    inner.length > 0 && isObject(value) && inner.length === Object.keys(value).length
  return html`<tr>
      <th scope="row">${field}</th>
      <td>${!isShownBelow && valueMarkup(value)}</td>
      <td>${carries} <span class="soft">${why}</span></td>
    </tr>
    ${inner.map(
      ({ name, meaning }) =>
        html`<tr class="inner">
          <th scope="row">${name}</th>
          <td>${isObject(value) && valueMarkup(value[name])}</td>
          <td>${meaning}</td>
        </tr>`,
    )}`
}

function valueMarkup(value: unknown): Markup {
  return html`<code>${exactBytes(JSON.stringify(value))}</code>`
}
