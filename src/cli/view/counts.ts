import type { Product } from '../../product/product.ts'
import { html, type Markup } from './markup.ts'
import type { Snapshot } from './snapshot.ts'

/** What this machine has counted, with bars to compare by. */
export function countsSection(
  { stats, hasStats, areStatsUnread }: Snapshot,
  { name, usage }: Product,
): Markup {
  const counters = Object.entries(stats.subcommand_counts)
  const selections = Object.entries(stats.selections)
  const capabilities = Object.entries(stats.feature_capabilities)
  return html`<section aria-labelledby="counted">
    <h2 id="counted">What is counted on this machine</h2>
    ${
      !hasStats || counters.length + selections.length + capabilities.length === 0
        ? html`<p>
            ${areStatsUnread ? 'That is unknown at this moment.' : 'Nothing has been counted here.'}
          </p>`
        : html`<p class="soft">
              Since ${stats.first_seen.slice(0, 10)}. Counters leave this machine only inside the
              events above.
            </p>
            ${bars('Commands', counters)}
            ${bars(usage.selectionsField.replaceAll('_', ' '), selections)}
            ${
              capabilities.length > 0 &&
              html`<h3>Available here</h3>
                <dl>
                  ${capabilities.map(
                    ([capability, isThere]) =>
                      html`<dt>${meaningOf(capability, usage)}</dt>
                        <dd>${isThere ? 'yes' : 'no'}</dd>`,
                  )}
                </dl>`
            }`
    }
    <p class="soft">${name} never counts code, data, arguments, file names or paths.</p>
  </section>`
}

/** The statistics may have names that only other versions know. */
function meaningOf(capability: string, { capabilities }: Product['usage']): string {
  const meaning = Object.hasOwn(capabilities, capability) ? capabilities[capability] : undefined
  return meaning ?? capability
}

function bars(title: string, counts: readonly (readonly [string, number])[]): Markup {
  if (counts.length === 0) return html``
  const sorted = counts.toSorted(([, a], [, b]) => b - a)
  const most = Math.max(1, ...sorted.map(([, count]) => count))
  return html`<h3>${title.charAt(0).toUpperCase() + title.slice(1)}</h3>
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="count">Count</th>
          <th scope="col" class="bar"><span class="soft">Compared</span></th>
        </tr>
      </thead>
      <tbody>
        ${sorted.map(
          ([name, count]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="count">${count}</td>
              <td class="bar">
                <svg width="100%" height="10" aria-hidden="true">
                  <rect width="${Math.round((count / most) * 100)}%" height="10" rx="2" />
                </svg>
              </td>
            </tr>`,
        )}
      </tbody>
    </table>`
}
