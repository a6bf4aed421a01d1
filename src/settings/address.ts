export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: string; readonly hint: string }

/** Why events may not go to an address, or `undefined`. */
export type EndpointFlaw = keyof typeof endpointFaults

/**
 * Events may go anywhere over https. Plain http is for this machine only, because others on the way
 * could read and change what is sent.
 */
export function endpointFlaw(text: string): EndpointFlaw | undefined {
  if (text.length > 2048) return 'length'
  // oxlint-disable-next-line no-control-regex -- URL drops these silently; we want them refused
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return 'characters'
  if (!URL.canParse(text)) return 'form'
  const { protocol, username, password, hash, hostname } = new URL(text)
  if (!/^https?:$/.test(protocol)) return 'protocol'
  if (username || password) return 'credentials'
  if (hash) return 'fragment'
  return protocol === 'http:' && !isLoopback(hostname) ? 'plain' : undefined
}

const endpointFaults = {
  length: 'is longer than 2048 characters',
  characters: 'contains a space, backslash or control character',
  form: 'is not an address',
  protocol: 'does not start with https:',
  credentials: 'contains a user name or password',
  fragment: 'contains a # part, which is never sent',
  plain: 'is plain http to another machine',
}

const endpointHints: Partial<Record<EndpointFlaw, string>> = {
  length: 'Use a shorter one.',
  characters: 'Write a space as %20, and a backslash as %5C.',
  credentials: 'Omit the part before the @.',
  fragment: 'Omit the # and what comes after it.',
  plain: 'Use https://, or http:// to localhost, 127.0.0.1 or [::1].',
}

/** An address that events may go to, or a sentence that says what is wrong with it. */
export function parseEndpoint(text: string): Parsed<string> {
  const given = text.trim()
  const flaw = endpointFlaw(given)
  if (flaw === undefined) return { ok: true, value: given }
  const fault =
    flaw === 'protocol'
      ? `starts with ${new URL(given).protocol} instead of https:`
      : endpointFaults[flaw]
  return refuse(fault, endpointHints[flaw])
}

/** `host:port` or `[v6]:port`. */
export function parseUdpAddress(text: string): Parsed<string> {
  const hint = 'Write it as host:port, for example udp.example.com:7846.'
  const match = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})$/.exec(text.trim())
  if (!match) return refuse('is not host:port', hint)
  const port = Number(match[2])
  if (port < 1 || port > 65_535) return refuse('has a port outside 1 to 65535', hint)
  return { ok: true, value: match[0] }
}

/** The parts of a valid address. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  return {
    host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    port: Number(address.slice(colon + 1)),
  }
}

/** This machine, whether or not the brackets of the address were taken off. */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[::1\]|::1|127(\.\d{1,3}){3})$/.test(host)
}

function refuse(
  fault: string,
  hint = 'Use https://…, or http://… to this machine.',
): { ok: false; fault: string; hint: string } {
  return { ok: false, fault, hint }
}
