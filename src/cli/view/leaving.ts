import type { Product } from '../../product/product.ts'
import { isJson } from '../../settings/files.ts'
import { ignoresVariables } from '../../settings/host.ts'
import { knownPlaces, notAsked } from '../erasure-places.ts'
import type { Invocation } from '../invocation.ts'
import { unconfirmedErasure } from '../status-text.ts'
import { tidy } from '../words.ts'
import { html, type Markup } from './markup.ts'
import type { PageOptions } from './page.ts'
import type { Snapshot } from './snapshot.ts'

/** What became of an erasure that was asked for on the page, once it is confirmed. */
export interface Erased {
  readonly said: readonly string[]
  /** Is nothing left at an address that was not asked? */
  readonly everywhere: boolean
}

/** What was just erased, for as long as that is still so. */
export function erasedPanel(
  erased: Erased | undefined,
  { context }: Invocation,
  { status }: Snapshot,
): Markup {
  if (erased === undefined || status.client_id !== null || context.verdict.collecting) return html``
  return html`<section aria-labelledby="erased" class="panel" role="status">
    <h2 id="erased">
      ${erased.everywhere ? 'Everything is erased' : 'Erased, but not everywhere'}
    </h2>
    <ul>
      ${erased.said.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
  </section>`
}

/** An erasure that the collector has not confirmed yet, and the way to ask again. */
export function pendingPanel(
  invocation: Invocation,
  { status }: Snapshot,
  { isStatic, problem }: Pick<PageOptions, 'isStatic' | 'problem'>,
): Markup {
  const unconfirmed = unconfirmedErasure(status, invocation)
  if (unconfirmed === undefined) return html``
  return html`<section class="panel">
    <p class="warning">${unconfirmed}</p>
    ${
      problem === undefined &&
      html`<p>Until it does, the client id stays here: it is needed to ask again.</p>`
    }
    ${notAskedMarkup(invocation)}
    ${
      isStatic
        ? html`<p>To ask again: <code>${invocation.product.command} forget</code></p>`
        : html`<form method="post" action="/forget">
            <button>Ask the collector again</button>
          </form>`
    }
  </section>`
}

/** Said before anybody presses a button that erases: afterwards the client id is gone. */
function notAskedMarkup({ context, product }: Invocation): Markup {
  const texts = notAsked(knownPlaces(context), context)
  const more = texts.length - mostNamed
  const rest = `${product.command} forget names ${more} more before it asks you.`
  return html`${texts.slice(0, mostNamed).map((text) => html`<p class="warning">${text}</p>`)}
  ${more > 0 && html`<p class="warning">${rest}</p>`}`
}

/** A page holds only so much, and addresses may be long. */
const mostNamed = 5

export function leavingSection(
  invocation: Invocation,
  snapshot: Snapshot,
  isStatic: boolean,
): Markup {
  const { product, context } = invocation
  return html`<section aria-labelledby="leaving">
    <h2 id="leaving">The way out</h2>
    <p>
      <code>${product.command} disable --forget</code> turns telemetry off and removes the client
      id, the statistics and the list of what was sent from this machine.
    </p>
    <p>
      <code>${product.command} forget</code> also has the collector erase what was sent. It posts
      the client id to ${knownPlaces(context).asked.join(' and ')}, and removes the rest from here
      once that is confirmed.
    </p>
    ${
      isStatic || !canBeErased(snapshot)
        ? ''
        : html`<details class="screen" id="erase">
            <summary>Erase everything, here and at the collector</summary>
            <p>This can’t be undone. Telemetry is off afterwards.</p>
            ${notAskedMarkup(invocation)}
            <form method="post" action="/forget">
              <button class="quiet">Erase everything now</button>
            </form>
          </details>`
    }
    <p class="soft">
      Without this tool: ${writeItIn(snapshot.status.paths.settings, product)} in
      <code>${tidy(snapshot.status.paths.settings, context)}</code>, or set
      <code>${product.variables.off}=1</code> or <code>DO_NOT_TRACK=1</code>${
        ignoresVariables(product) ? ` (${product.name} itself ignores both)` : ''
      }.
    </p>
  </section>`
}

/** The opt-out, as each kind of settings file has it. */
function writeItIn(file: string, { keys }: Product): Markup {
  return isJson(file)
    ? html`set <code>${keys.enabled.join('.')}</code> to <code>false</code>`
    : html`write <code>enabled = false</code> under
        <code>[${keys.enabled.slice(0, -1).join('.')}]</code>`
}

/** Where an erasure is pending, the page offers it further up. */
function canBeErased({ status, waiting, sent, hasStats }: Snapshot): boolean {
  if (status.erase !== null) return false
  return status.client_id !== null || hasStats || waiting.total + sent.total > 0
}
