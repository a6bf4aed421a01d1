// Stands in for PostHog: reads a batch, counts its events, and answers 200. GET returns how many there
// were since the last GET.
import http from 'node:http'

const mark = Buffer.from('"uuid":"')
let count = 0
const server = http.createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(String(count))
    count = 0
    return
  }
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    // Each event has it twice: once for PostHog, and once among its properties.
    for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + 8)) count += 0.5
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"status":1}')
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
