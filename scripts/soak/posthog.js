// A fake PostHog with every fault that the real one can have, one at a time.
import { once } from 'node:events'
import http from 'node:http'

export const moods = [
  'well',
  'well',
  '429',
  '500',
  'refuses large batches',
  'hangs',
  'drops',
  'stores and drops',
  'a page to log in',
  'status 0',
  'an error that says 200',
  'away',
]

/** `stored` maps an id to every version ever stored under it. */
export async function openPostHog() {
  const stored = new Map()
  let mood = 'well'
  let copies = 0
  let server
  let port = 0

  const store = (batch) => {
    for (const event of batch) {
      const said = JSON.stringify(event)
      const before = stored.get(event.uuid)
      if (before === undefined) stored.set(event.uuid, new Set([said]))
      else before.add(said)
      copies += 1
    }
  }
  const treat = ({ batch }, response) => {
    if (batch.length === 0) return response.writeHead(400).end()
    switch (mood) {
      case 'well':
        store(batch)
        return response.end('{"status":1}')
      case '429':
        return response.writeHead(429, { 'Retry-After': '1' }).end()
      case '500':
        return response.writeHead(500).end()
      case 'refuses large batches':
        if (batch.length > 8) return response.writeHead(413).end()
        store(batch)
        return response.end('{"status":1}')
      case 'a page to log in':
        return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Log in</html>')
      case 'status 0':
        return response.end('{"status":0}')
      case 'an error that says 200':
        return response.end('{"type":"validation_error","code":"invalid"}')
      case 'hangs':
        return undefined
      case 'stores and drops':
        store(batch)
        return response.socket.resetAndDestroy()
      default:
        return response.socket.resetAndDestroy()
    }
  }
  const open = async () => {
    server = http.createServer((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('error', () => undefined)
      request.on('end', () => treat(JSON.parse(Buffer.concat(chunks)), response))
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = server.address().port
  }
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  await open()
  return {
    url: `http://127.0.0.1:${port}`,
    stored,
    copies: () => copies,
    mood: () => mood,
    become: async (next) => {
      const before = mood
      mood = next
      if (before === next) return
      if (next === 'away' || before === 'hangs') await close()
      if (before === 'away' || (before === 'hangs' && next !== 'away')) await open()
    },
    close,
  }
}
