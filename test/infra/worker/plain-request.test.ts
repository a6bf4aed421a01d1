import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { readPlain } from '../../../infra/worker/src/http/plain-request.ts'
import { finished, install } from './support/events.ts'
import { key, served, type ServedStage } from './support/stage.ts'

const longestHead = 16 * 1024

/** What somebody may send instead of the request that our clients send, one part at a time. */
interface Request {
  readonly line: string
  readonly headers: readonly string[]
  readonly lineEnd: string
  readonly body: string
  readonly behind: string
}

const events = [finished(), install(), '{}', '{', '[]', '"', `${finished()}\n${install()}`]

const usualLines = ['POST /v1/t HTTP/1.1', 'POST /ingest HTTP/1.1', 'POST /api/telemetry HTTP/1.1']
const oddLines = [
  'POST / HTTP/1.1',
  'POST /v1/t?a=b HTTP/1.1',
  'POST /v1//t HTTP/1.1',
  'POST http://worker.invalid/v1/t HTTP/1.1',
  'POST * HTTP/1.1',
  'POST  /v1/t HTTP/1.1',
  'POST /v1/t HTTP/1.0',
  'POST /v1/t HTTP/1.1 ',
  'POST /v1/t',
  'post /v1/t HTTP/1.1',
  'PUT /v1/t HTTP/1.1',
  'GET /healthz HTTP/1.1',
  'OPTIONS /v1/t HTTP/1.1',
  '\r\nPOST /v1/t HTTP/1.1',
  'POST /v1/\u0001t HTTP/1.1',
]
const usualHeaders = [
  'Accept: */*',
  'User-Agent: curl/7.88.1',
  'Connection: keep-alive',
  'Connection: close',
  'Origin: https://example.invalid',
  'X-Forwarded-For: 127.0.0.2, 127.0.0.3',
  'Accept-Encoding:gzip',
  'Empty:',
  'Tabs:\t a \t b \t',
]
const oddHeaders = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Content-Length: 1',
  'Content-Length: 0',
  'Content-Type: text/plain',
  'x-telemetry-key: wrong',
  'Host: other.invalid',
  'Expect: 100-continue',
  'Connection: close, te',
  'Connection: upgrade',
  'Connection: close\t',
  'Proxy-Connection: close',
  'Upgrade: websocket',
  'TE: trailers',
  'Trailer: Date',
  'No colon',
  ': no name',
  'Space : before',
  'Folded: a\r\n b',
  'Bare: a\nb',
  'Return: a\rb',
  'Zero: \u0000',
  'High: \u00E9',
  'Delete: \u007F',
  '"Quoted": x',
  `Long: ${'x'.repeat(longestHead)}`,
  'Content-Encoding: gzip',
]

const usual = fc.record({
  line: fc.constantFrom(...usualLines),
  headers: fc.subarray(usualHeaders.slice(0, 2).concat(usualHeaders.slice(4))),
  lineEnd: fc.constant('\r\n'),
  body: fc.constantFrom(...events),
  behind: fc.constant(''),
})

/** At most two oddities, as an attack on one weakness would have. */
const request: fc.Arbitrary<Request> = fc
  .tuple(
    usual,
    fc.subarray(
      [
        { headers: oddHeaders, line: usualLines, lineEnd: ['\r\n'], behind: [''] },
        { headers: [], line: oddLines, lineEnd: ['\r\n'], behind: [''] },
        { headers: usualHeaders, line: usualLines, lineEnd: ['\n', '\r'], behind: [''] },
        { headers: ['Connection: close'], line: usualLines, lineEnd: ['\r\n'], behind: [''] },
        { headers: [], line: usualLines, lineEnd: ['\r\n'], behind: ['x', '\r\n', 'POST / HTTP'] },
      ],
      { maxLength: 2 },
    ),
    fc.nat(),
  )
  .map(([base, oddities, pick]) => {
    const one = <Item>(list: readonly Item[]): Item | undefined => list[pick % list.length]
    return oddities.reduce<Request>(
      (made, odd) => ({
        line: odd.line === usualLines ? made.line : (one(odd.line) ?? made.line),
        headers:
          odd.headers.length === 0 ? made.headers : [...made.headers, one(odd.headers) ?? ''],
        lineEnd: odd.lineEnd.length === 1 ? made.lineEnd : (one(odd.lineEnd) ?? ''),
        body: made.body,
        behind: made.behind + (one(odd.behind) ?? ''),
      }),
      base,
    )
  })

const lengths = ['', ' ', '\t', '0', '+', '-', '.0', ', 1', 'x'] as const
const spelledLength = fc.oneof(
  { weight: 8, arbitrary: fc.constant((length: number) => String(length)) },
  fc.constantFrom(
    ...lengths.map((odd) => (length: number) => (odd === '0' ? `0${length}` : `${length}${odd}`)),
    (length: number) => `+${length}`,
    (length: number) => String(length - 1),
    (length: number) => String(length + 1),
    (length: number) => `0x${length.toString(16)}`,
  ),
)

function bytesOf(made: Request, spelled: (length: number) => string, hasHost: boolean): Buffer {
  const { line, headers, lineEnd, body, behind } = made
  const lines = [
    line,
    ...(hasHost ? ['Host: worker.invalid'] : []),
    'Content-Type: application/json',
    `x-telemetry-key: ${key}`,
    `Content-Length: ${spelled(Buffer.byteLength(body))}`,
    ...headers,
  ]
  return Buffer.from(lines.map((one) => one + lineEnd).join('') + lineEnd + body + behind, 'latin1')
}

const bytes = fc
  .tuple(request, spelledLength, fc.nat(9))
  .map(([made, spelled, host]) => bytesOf(made, spelled, host > 0))

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

describe('a request that is read without Node', () => {
  let server: http.Server
  const heard: Heard[] = []

  beforeAll(async () => {
    server = http.createServer({ maxHeaderSize: longestHead }, (incoming, response) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const { method, url, headers } = incoming
        heard.push({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') })
        response.writeHead(204).end()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  it('is one that Node reads alike, to the last byte', async () => {
    let plain = 0
    let other = 0
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const read = readPlain(sent, longestHead)
        if (read === undefined) {
          other += 1
          return
        }
        plain += 1
        heard.length = 0
        const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
        socket.write(sent)
        const [said] = (await once(socket, 'data')) as [Buffer]
        socket.destroy()
        expect(said.toString()).toMatch(/^HTTP\/1\.1 204 /)
        expect(heard).toEqual([
          {
            method: 'POST',
            url: read.url,
            headers: Object.fromEntries(read.headers),
            body: read.body.toString('latin1'),
          },
        ])
        expect(/^Connection: close/m.test(said.toString())).toBe(read.isLast)
      }),
      { numRuns: 4000 },
    )
    expect(plain).toBeGreaterThan(500)
    expect(other).toBeGreaterThan(500)
  })
})

const hasty = { headersMs: 300, requestMs: 300, checkMs: 50 }

/** All that is answered to these bytes until the connection ends, or may be used again. */
async function answerTo(stage: ServedStage, sent: Buffer): Promise<string> {
  const socket = net.connect(stage.server.port, '127.0.0.1')
  let said = ''
  socket.on('error', () => undefined)
  socket.write(sent)
  await new Promise<void>((resolve) => {
    socket.on('close', resolve)
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (isWhole(said) && /^Connection: keep-alive/m.test(said)) resolve()
    })
  })
  socket.destroy()
  return said.replaceAll(/^Date: .*\r\n/gm, '')
}

function isWhole(said: string): boolean {
  const end = said.indexOf('\r\n\r\n')
  const length = Number(/^Content-Length: (\d+)/m.exec(said)?.[1] ?? 0)
  return end !== -1 && said.length >= end + 4 + length
}

const emptyLine = Buffer.from('\r\n')

/** How many events without a key have come, and when, would decide over the answers here. */
const withKey = bytes.filter((sent) => !sent.includes('/api/telemetry'))

describe('the answer to a request', () => {
  it('is the same behind an empty line, which leaves it to Node', async () => {
    const stage = await served([], {}, hasty)
    await fc.assert(
      fc.asyncProperty(fc.array(withKey, { minLength: 40, maxLength: 40 }), async (all) => {
        await Promise.all(
          all.map(async (bare) => {
            const sent = bare.toString('latin1')
            const behind = Buffer.concat([emptyLine, bare])
            expect(readPlain(behind, longestHead)).toBeUndefined()
            const [said, saidByNode] = await Promise.all([
              answerTo(stage, bare),
              answerTo(stage, behind),
            ])
            expect({ sent, said }).toEqual({ sent, said: saidByNode })
          }),
        )
      }),
      { numRuns: 25, endOnFailure: true },
    )
  }, 60_000)
})
