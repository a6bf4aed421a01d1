/** A POST that arrived whole, with nothing unusual about it. */
export interface PlainRequest {
  readonly url: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Whether the connection ends with the answer. */
  readonly isLast: boolean
}

const endOfHead = '\r\n\r\n'
/**
 * Each part ends where the next begins, so that it takes no longer for odd input. No tabs: Node takes
 * one behind a length for a fault, and one behind `close` for part of the word.
 */
const plainHead = /^POST (\/[\w./~-]*) HTTP\/1\.1((?:\r\n[\w!#$%&'*+.^`|~-]+:[\x20-\x7e]*)+)$/
const wholeNumber = /^[1-9]\d{0,8}$/
const mostHeaders = 64

/** What changes how a message is framed, or asks for more than an answer, or means `Connection` to Node. */
const unusual = new Set([
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads a request if all of it is in these bytes, with nothing behind it and nothing that could be read
 * in two ways. Undefined: leave it to Node's parser. Our clients and installers send such requests only,
 * and Node's parser and streams would take a quarter of all the time that an event takes us.
 */
export function readPlain(bytes: Buffer, longestHead: number): PlainRequest | undefined {
  const end = bytes.indexOf(endOfHead)
  if (end === -1 || end > longestHead) return undefined
  const [, url, lines] = plainHead.exec(bytes.toString('latin1', 0, end)) ?? []
  if (url === undefined || lines === undefined) return undefined
  const headers = headersIn(lines.split('\r\n').slice(1))
  if (headers?.has('host') !== true) return undefined
  const length = headers.get('content-length') ?? ''
  const body = bytes.subarray(end + endOfHead.length)
  if (!wholeNumber.test(length) || Number(length) !== body.length) return undefined
  const connection = headers.get('connection')?.toLowerCase() ?? 'keep-alive'
  if (connection !== 'keep-alive' && connection !== 'close') return undefined
  return { url, headers, body, isLast: connection === 'close' }
}

/** Undefined if there are many, or one is unusual or stands twice. */
function headersIn(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (lines.length > mostHeaders) return undefined
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (unusual.has(name) || headers.has(name)) return undefined
    headers.set(name, line.slice(colon + 1).trim())
  }
  return headers
}
