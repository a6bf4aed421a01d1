// Answers every event with 204 once it has read it. GET returns how many it has received since.
import http from 'node:http'

let count = 0
const server = http.createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    if (request.method === 'GET') {
      response.end(String(count))
      count = 0
      return
    }
    count += 1
    response.writeHead(204).end()
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/v1/t`))
