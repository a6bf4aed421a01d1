export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: string; readonly hint: string }

/**
 * An address that events may go to: https to anywhere, plain http only to this machine, because
 * what is sent in the clear can be read and changed by everyone on the way.
 */
export function parseEndpoint(text: string): Parsed<string> {
  const given = text.trim()
  if (given.length > 2048) return refuse('is longer than 2048 characters')
  // oxlint-disable-next-line no-control-regex -- URL drops these silently; we want them refused
  if (/[\u0000-\u0020\u007f\\]/.test(given)) return refuse('contains a space or control character')
  if (!URL.canParse(given)) return refuse('is not an address')
  const url = new URL(given)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return refuse(`starts with ${url.protocol} instead of https:`)
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('contains a user name or password', 'Leave the part before the @ away.')
  }
  if (url.hash !== '') return refuse('contains a # part, which is never sent')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return refuse(
      'is plain http to another machine',
      'Use https://, or http:// to localhost, 127.0.0.1 or [::1].',
    )
  }
  return { ok: true, value: given }
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
