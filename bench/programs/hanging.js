// Accepts every request and answers none.
import http from 'node:http'

const server = http.createServer(() => undefined)
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/v1/t`))
