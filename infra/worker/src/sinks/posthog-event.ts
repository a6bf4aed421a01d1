import { runmat } from 'runmat-telemetry/contract'
import type { Event } from 'runmat-telemetry-common/events/event'

/**
 * An event as PostHog's `/batch/` takes it. PostHog treats two events as one if day, name, distinct id
 * and uuid are equal, so all four are the event's own. An event without a time gets its day of
 * arrival: a retry past midnight (UTC) would count twice. A time made up here would differ at every
 * attempt too.
 */
export function postHogEvent(event: Event): string {
  const { name, distinctId, uuid, at, bytes, summary, product } = event
  const timestamp = at === undefined ? '' : `"timestamp":"${new Date(at).toISOString()}",`
  return (
    `{"event":"${name}","distinct_id":"${distinctId}","uuid":"${uuid}",${timestamp}` +
    `"properties":{${propertiesOf(bytes)},${ofProduct(product)}` +
    `"$current_url":"${summary.join(bullet)}",${always}}}`
  )
}

/** Escaped, because one such character makes V8 store the whole batch in two bytes each. */
const bullet = String.raw` \u2022 `

/** RunMat's events carry no name of a product, as before there were others. */
function ofProduct(product: string): string {
  return product === runmat.id ? '' : `"product":"${product}",`
}

/** No person, place or address, and the event's own clock in place of the forwarder's. */
const always =
  '"$process_person_profile":false,"$geoip_disable":true,"$ip":null,"$ignore_sent_at":true'

const payload = ',"payload":{'

/**
 * The event's fields, with the payload's fields lifted to the top, where PostHog can filter by them.
 * The payload is the contract's last field, and no value can contain a quotation mark.
 */
function propertiesOf(bytes: string): string {
  const at = bytes.indexOf(payload)
  if (at === -1) return bytes.slice(1, -1)
  const envelope = bytes.slice(1, at)
  const inner = bytes.slice(at + payload.length, -2)
  return inner === '' ? envelope : `${envelope},${inner}`
}
