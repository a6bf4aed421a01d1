// A PostHog stand-in that accepts everything with as little work as possible.
import http from 'node:http'

const server = http.createServer((request, response) => {
  request.resume()
  request.on('end', () => response.end('{"status":1}'))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
