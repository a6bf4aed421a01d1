import type { Event } from '../event.ts'

/**
 * An event as PostHog's `/batch/` takes it. PostHog holds events for the same if day, name, distinct
 * id and uuid are, so all of it is the event's own. Without a time of its own an event has the day
 * on which it arrives: tried again past midnight (UTC), it would count twice; anything that we made
 * up here would be another one at every try, too.
 */
export function postHogEvent(event: Event): string {
  const { name, distinctId, uuid, at, bytes, summary } = event
  const timestamp = at === undefined ? '' : `"timestamp":"${new Date(at).toISOString()}",`
  return (
    `{"event":"${name}","distinct_id":"${distinctId}","uuid":"${uuid}",${timestamp}` +
    `"properties":{${propertiesOf(bytes)},"$current_url":"${summary.replaceAll('•', String.raw`\u2022`)}",${always}}}`
  )
}

/** No person, no place, no address; and the clock of the event, not of who passes it on. */
const always =
  '"$process_person_profile":false,"$geoip_disable":true,"$ip":null,"$ignore_sent_at":true'

const payload = ',"payload":{'

/**
 * The event's fields, with those of its payload beside the others, where PostHog can filter by
 * them. The payload is the contract's last field, and no value can hold a quotation mark.
 */
function propertiesOf(bytes: string): string {
  const at = bytes.indexOf(payload)
  if (at === -1) return bytes.slice(1, -1)
  const envelope = bytes.slice(1, at)
  const inner = bytes.slice(at + payload.length, -2)
  return inner === '' ? envelope : `${envelope},${inner}`
}
