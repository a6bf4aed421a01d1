// A worker that accepts everything: 204 for each post. It counts the distinct events.
import http from 'node:http'

const port = Number(process.argv[2] ?? 0)
const uuids = new Set()
let lines = 0
let posts = 0

const server = http.createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ lines, posts, distinct: uuids.size }))
    return
  }
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    posts += 1
    for (const [, uuid] of Buffer.concat(chunks)
      .toString('latin1')
      .matchAll(/"uuid":"([^"]+)"/g)) {
      lines += 1
      uuids.add(uuid)
    }
    response.writeHead(204).end()
  })
})
server.listen(port, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
