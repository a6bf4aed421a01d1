import http from 'node:http'

import { listen } from '../support/collector.ts'
import { later } from './worker/support/stage.ts'

interface Captured {
  readonly event: string
  readonly distinct_id: string
  readonly uuid: string
}

interface Asked {
  readonly batch: readonly Captured[]
  readonly distinct_ids: readonly string[]
  readonly delete_events: boolean
}

/** PostHog's capture and its private API: events belong to persons, and are deleted with them. */
export async function startErasablePostHog() {
  const persons = new Set<string>()
  const stored: Captured[] = []
  let refused: ReadonlySet<string> = new Set()

  const capture = (batch: readonly Captured[]): number => {
    if (batch.length === 0 || batch.some(({ uuid }) => refused.has(uuid))) return 400
    for (const event of batch) {
      if (event.event === '$set') persons.add(event.distinct_id)
      else stored.push(event)
    }
    return 200
  }
  const keep = (isKept: (event: Captured) => boolean): void => {
    stored.splice(0, stored.length, ...stored.filter(isKept))
  }
  const deletePersons = ({ distinct_ids: ids, delete_events: withEvents }: Asked): object => {
    const found = ids.filter((id) => withEvents && persons.delete(id))
    keep(({ distinct_id: id }) => !found.includes(id))
    return { persons_found: found.length, events_queued_for_deletion: found.length > 0 }
  }
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked
      if (request.url === '/batch/') {
        return void response.writeHead(capture(asked.batch)).end('{"status":1}')
      }
      const isAllowed = request.headers.authorization === 'Bearer phx_test'
      if (!isAllowed || request.url !== '/api/projects/7/persons/bulk_delete/') {
        return void response.writeHead(403).end('{}')
      }
      response.writeHead(202).end(JSON.stringify(deletePersons(asked)))
    })
  })
  const url = `http://127.0.0.1:${await listen(server)}`
  later(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    persons,
    stored,
    refuse: (uuids: ReadonlySet<string>): void => {
      refused = uuids
    },
    /** What an operator does by hand. */
    remove: (uuids: readonly string[]): void => keep(({ uuid }) => !uuids.includes(uuid)),
    env: {
      POSTHOG_API_KEY: 'phc_test',
      POSTHOG_HOST: url,
      POSTHOG_API_HOST: url,
      POSTHOG_PERSONAL_API_KEY: 'phx_test',
      POSTHOG_PROJECT_ID: '7',
    },
  }
}
