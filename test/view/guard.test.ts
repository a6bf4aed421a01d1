import { once } from 'node:events'
import http from 'node:http'

import { expect, it, vi } from 'vitest'

import { type Guard, guardFor } from '../../src/cli/view/guard.ts'
import { listen } from '../support/collector.ts'

it.skipIf(process.platform !== 'linux')(
  'refuses another user of the machine, who has the cookie as well',
  async () => {
    let guard: Guard | undefined
    const server = http.createServer((request, response) => {
      response.end(JSON.stringify(guard?.judge(request)))
    })
    const port = await listen(server)
    guard = guardFor(port, { token: 'the-token', session: 'the-session' })
    const judged = async (path: string, headers = {}) => {
      const [response] = (await once(
        http.get({ host: '127.0.0.1', port, path, headers, agent: false }),
        'response',
      )) as [http.IncomingMessage]
      const [text] = await response.toArray()
      return (JSON.parse(String(text)) as { kind: string }).kind
    }
    const cookie = `telemetry-view-${port}=the-session`
    expect(await judged('/?token=the-token')).toBe('let in')
    expect(await judged('/', { cookie })).toBe('pass')
    const { getuid } = process
    vi.spyOn(process, 'getuid').mockImplementation(() => (getuid?.() ?? 0) + 1)
    expect(await judged('/', { cookie })).toBe('refuse')
    vi.restoreAllMocks()
    server.close()
  },
)
