/** How long a browser may skip the preflight request. None caches it for longer than a day. */
const maxAgeSeconds = 24 * 60 * 60

type Headers = Readonly<Record<string, string>>

/**
 * Lets a page of any other site read the answer to what it sent. A page holds only its own key and may
 * send no more than anyone else, and we use no cookies. Beacons always claim to carry credentials,
 * though, so browsers require the site's own name here in place of `*`.
 */
export function openTo(origin: string | undefined): Headers {
  if (origin === undefined) return {}
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Expose-Headers': 'Retry-After',
    Vary: 'Origin',
  }
}

/** Answers the preflight request that a browser sends before JSON or a key goes to another site. */
export function permissionFor(origin: string | undefined): Headers {
  return {
    ...openTo(origin),
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': 'content-type, x-telemetry-key',
    'Access-Control-Max-Age': String(maxAgeSeconds),
  }
}
