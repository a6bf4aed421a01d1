/** How long a browser need not ask again; none remembers it for longer than a day. */
const maxAgeSeconds = 24 * 60 * 60

type Headers = [name: string, value: string][]

/**
 * Lets a page of any other site see the answer to what it sent. A page holds its own key and no more
 * than anybody may send; and we neither set nor read cookies. Beacons always claim to bring some,
 * though, and browsers then ask for the very name of the site, and that we do not mind.
 */
export function openTo(origin: string | undefined): Headers {
  if (origin === undefined) return []
  return [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Expose-Headers', 'Retry-After'],
    ['Vary', 'Origin'],
  ]
}

/** What a browser asks before it sends JSON, or a key, to another site. */
export function permissionFor(origin: string | undefined): Headers {
  return [
    ...openTo(origin),
    ['Access-Control-Allow-Methods', 'POST'],
    ['Access-Control-Allow-Headers', 'content-type, x-telemetry-key'],
    ['Access-Control-Max-Age', String(maxAgeSeconds)],
  ]
}
