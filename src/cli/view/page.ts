import type { Context } from '../../settings/context.ts'
import type { Rule } from '../../settings/verdict.ts'
import { hasNone } from '../access.ts'
import type { Invocation } from '../invocation.ts'
import { attention, brokenSettings, hostFacts, unseenNotice } from '../status-text.ts'
import { minuteOf } from '../time.ts'
import { wayOut } from '../way-out.ts'
import { hostWarning } from '../host-words.ts'
import { alsoBecause, because, headline, tidy } from '../words.ts'
import { countsSection } from './counts.ts'
import { type Erased, erasedPanel, leavingSection, pendingPanel } from './leaving.ts'
import { eventSection, waitingSection, sentSection } from './events.ts'
import { html, Markup } from './markup.ts'
import { script } from './script.ts'
import type { Snapshot } from './snapshot.ts'
import { style } from './style.ts'

export interface PageOptions {
  /** Lets the browser run this page's own style and script, and nothing else. */
  readonly nonce: string
  /** A page that was saved to a file can change nothing, and follows nothing. */
  readonly isStatic: boolean
  /** Why the switch did not do what was asked. */
  readonly problem: string | undefined
  readonly erased: Erased | undefined
}

export function page(invocation: Invocation, snapshot: Snapshot, options: PageOptions): string {
  const { product } = invocation
  const { nonce, isStatic, problem } = options
  const title = `${product.name} telemetry on this machine`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${isStatic ? contentPolicy : ''}
        <style nonce="${nonce}">
          ${new Markup(style)}
        </style>
      </head>
      <body>
        ${isStatic ? '' : html`<p class="soft" id="live" role="status"></p>`}
        ${problem !== undefined && html`<p class="warning" role="alert">${problem}</p>`}
        <main>${mainOf(invocation, snapshot, options)}</main>
        ${
          isStatic
            ? ''
            : html`<script nonce="${nonce}">
                ${new Markup(script)}
              </script>`
        }
      </body>
    </html> `.text
}

const contentPolicy = html`<meta
  http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
/>`

/** What changes while the page is open. */
export function mainOf(
  invocation: Invocation,
  snapshot: Snapshot,
  options: Omit<PageOptions, 'nonce'>,
): Markup {
  const { isStatic } = options
  const { explained, now } = snapshot
  const { context, product } = invocation
  return html`
    <h1>${headline(context)}</h1>
    ${reasonMarkup(because(context))} ${warnings(invocation, snapshot)}
    ${alsoBecause(context).map((reason) => html`<p>Also: ${reason}</p>`)}
    ${wayOut(context).length > 0 && html`<p>${wayOut(context).join(' ')}</p>`}
    ${erasedPanel(options.erased, invocation, snapshot)}
    ${pendingPanel(invocation, snapshot, options)} ${isStatic ? '' : switchForm(context)}
    <p class="soft">
      ${
        isStatic
          ? `This page was saved by ${product.command} view --export on ${minuteOf(snapshot.now)}. ` +
            'It loads nothing from anywhere.'
          : `This page is served by ${product.command} on this machine, to this browser only. ` +
            'It loads nothing from anywhere else.'
      }
      <a href="${product.docs}">How it all works</a>
      ${product.publicReport && html`<a href="${product.publicReport}">What comes of it</a>`}
    </p>
    ${explained && eventSection(explained, now)} ${waitingSection(invocation, snapshot)}
    ${sentSection(invocation, snapshot)} ${countsSection(snapshot, product)}
    ${rulesSection(context)} ${hostSection(invocation, snapshot)}
    ${placesSection(invocation, snapshot)} ${leavingSection(invocation, snapshot, isStatic)}
  `
}

/** A line of a settings file keeps its form, so that the caret points at what is wrong. */
function reasonMarkup(reason: string): Markup {
  const [sentence = '', excerpt] = reason.split('\n\n')
  return html`<p>${sentence}</p>
    ${excerpt !== undefined && html`<pre>${excerpt.trimEnd()}</pre>`}`
}

/** What status warns of, too. */
function warnings(invocation: Invocation, { status }: Snapshot): Markup {
  const { context } = invocation
  const texts = [
    hostWarning(context).join(' '),
    ...attention(status, invocation),
    context.verdict.uploading ? unseenNotice(status, context) : undefined,
  ].filter((text) => text !== undefined && text !== '')
  return html`${texts.map((text) => html`<p class="warning">${text}</p>`)}`
}

/** A form, so that it works without a script. */
function switchForm(context: Context): Markup {
  const { verdict, product } = context
  const broken = brokenSettings(context)
  if (broken !== undefined) {
    return html`<p class="panel">
      It stays off until you have corrected ${tidy(broken, context)}.
    </p>`
  }
  const isOff = verdict.rules.some(
    ({ rule, effect }) => rule === 'user_settings' && effect === 'off',
  )
  return isOff
    ? html`<form method="post" action="/enable" class="panel">
        <p>
          You have turned ${product.name} telemetry off. Turning it on again lets it count and send
          the events described below.
        </p>
        <button id="switch" class="quiet">Turn telemetry on</button>
      </form>`
    : html`<form method="post" action="/disable" class="panel">
        <p>
          ${
            verdict.collecting
              ? 'You can turn it off for good, here and now.'
              : 'It is off already, for the reason above. You can also turn it off for good.'
          }
          Whatever is waiting to be sent is deleted.
        </p>
        <button id="switch">Turn telemetry off for good</button>
      </form>`
}

function rulesSection(context: Context): Markup {
  return html`<section aria-labelledby="rules">
    <h2 id="rules">Which rules decide</h2>
    <p class="soft">Any one of them can turn telemetry off. None can overrule another's no.</p>
    <details id="all-rules">
      <summary>All ${context.verdict.rules.length} rules, in the order they are asked</summary>
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Says</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          ${context.verdict.rules.map((rule) => ruleRow(rule, context))}
        </tbody>
      </table>
    </details>
  </section>`
}

const effects = { none: 'does not object', off: 'off', no_uploads: 'send nothing' } as const

function ruleRow({ rule, source, effect }: Rule, context: Context): Markup {
  return html`<tr>
    <th scope="row">${rule}</th>
    <td class="${effect === 'none' ? '' : 'off'}">${effects[effect]}</td>
    <td>${source === null ? '' : tidy(source, context)}</td>
  </tr>`
}

function placesSection({ context }: Invocation, { status }: Snapshot): Markup {
  const { endpoint, udp_endpoint: udp, paths, collecting, uploading } = status
  const none = collecting ? 'none yet' : 'none'
  const noId = hasNone.id(context) ? none : 'unknown at this moment'
  const rows: readonly (readonly [string, string])[] = [
    [
      uploading ? 'Events go to' : 'Events would go to',
      `${endpoint.url} (${tidy(endpoint.source, context)})`,
    ],
    ...(udp.address === null || !uploading
      ? []
      : [['Runs also go by UDP to', udp.address] as const]),
    ['Client id', status.client_id ?? noId],
    ['Settings', tidy(paths.settings, context)],
    ['Statistics', tidy(paths.stats, context)],
    ['Queue', tidy(paths.queue, context)],
    ['What was sent', tidy(paths.sent, context)],
  ]
  return html`<section aria-labelledby="places">
    <h2 id="places">Where it goes, and where it is kept</h2>
    ${facts(rows)}
  </section>`
}

/** What the product's own program does in the folder in which this command was started. */
function hostSection(invocation: Invocation, { status }: Snapshot): Markup {
  const rows = hostFacts(status, invocation)
  if (rows.length === 0) return html``
  return html`<section aria-labelledby="host">
    <h2 id="host">${invocation.product.name} itself, in this folder</h2>
    ${facts(rows)}
  </section>`
}

function facts(rows: readonly (readonly [string, string])[]): Markup {
  return html`<dl>
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`
}
