// The minimum for receiving an event: node:http reads a body, parses it, and answers 204.
import http from 'node:http'

const server = http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const [first] = chunks
    JSON.parse(chunks.length === 1 ? first : Buffer.concat(chunks))
    response.writeHead(204).end()
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
