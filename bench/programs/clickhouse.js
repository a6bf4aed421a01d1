// ClickHouse's HTTP interface with its embedded engine behind, one statement at a time.
import http from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'

const { CHDB_FOLDER, CHDB_STORE } = process.env
const { Session } = createRequire(path.join(CHDB_FOLDER, 'index.js'))('chdb')
const session = new Session(CHDB_STORE)
session.query('CREATE DATABASE IF NOT EXISTS telemetry ENGINE = Atomic')
session.query('USE telemetry')

const server = http.createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    try {
      response.end(session.query(Buffer.concat(parts).toString()))
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
