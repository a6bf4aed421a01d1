'use strict'
// Takes every post: into a file first, and then it says so. `node worker.cjs FILE PORT`
const { appendFileSync } = require('node:fs')
const http = require('node:http')

const [file, port] = process.argv.slice(2)

const server = http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    appendFileSync(file, Buffer.concat(chunks))
    // Between the two is where it can be killed.
    setTimeout(() => response.writeHead(204).end(), 10)
  })
})
server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port))
