import { describe, expect, it } from 'vitest'

import { fetchHandlerOf } from '../../../infra/worker/src/http/fetch-handler.ts'
import { finished } from './support/events.ts'
import { requestOf } from './support/requests.ts'
import { served } from './support/stage.ts'

const Origin = 'https://page.example'
const paths = ['/ingest', '/v1/t', '/api/telemetry', '/api/v1/telemetry/runmat']
const named = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))

const open = {
  'access-control-allow-origin': Origin,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'Retry-After',
}

describe('CORS for pages of other sites', () => {
  it.each(paths)('allows a preflight request to %s', async (path) => {
    const { url } = await served()
    const { status, headers } = await fetch(`${url}${path}`, {
      method: 'OPTIONS',
      headers: { Origin, 'Access-Control-Request-Method': 'POST' },
    })
    expect(status).toBe(204)
    expect(headers.get('vary')).toBe('Origin')
    expect(named(headers)).toEqual({
      ...open,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-telemetry-key',
      'access-control-max-age': '86400',
    })
  })

  it.each([
    ['stored', finished(), {}, 204],
    ['wrong', '{}', {}, 400],
    ['with a wrong key', '{}', { key: 'wrong' }, 401],
    ['too long', ' '.repeat(2_000_000), {}, 413],
  ])(
    'lets the page read the answer to what is %s, with and without our own server',
    async (_, body, as, want) => {
      const { url, worker } = await served()
      const ask = () => requestOf(body, { ...as, headers: { Origin } }, url)
      for (const answer of [await fetch(ask()), await fetchHandlerOf(worker)(ask())]) {
        expect({ status: answer.status, ...named(answer.headers) }).toEqual({
          status: want,
          ...open,
        })
      }
    },
  )

  it('sends no CORS headers to a client without an Origin', async () => {
    const { url } = await served()
    const answer = await fetch(requestOf(finished(), {}, url))
    expect({ status: answer.status, ...named(answer.headers) }).toEqual({ status: 204 })
  })
})
