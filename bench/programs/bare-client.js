// Posts with node:http and nothing else: `bare-client.js <url> <NDJSON file>` posts
// the lines from memory, `bare-client.js <url> <folder>` reads each file, posts it and removes it.
import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'

const [url, source] = process.argv.slice(2)
const { hostname, port, pathname } = new URL(url)
const inFlight = 8
const agent = new http.Agent({ keepAlive: true, maxSockets: inFlight })

function post(body) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      agent,
      hostname,
      port,
      path: pathname,
      method: 'POST',
      headers: {
        'User-Agent': 'bare-client/1',
        'X-Telemetry-Key': 'key-of-the-benchmark',
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
      },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      response.resume()
      response.on('end', () => {
        if (response.statusCode === 204) resolve()
        else reject(new Error(`status ${response.statusCode}`))
      })
    })
    request.end(body)
  })
}

const isFolder = statSync(source).isDirectory()
const work = isFolder
  ? readdirSync(source).sort()
  : readFileSync(source, 'utf8').split('\n').slice(0, -1)
let next = 0

async function worker() {
  while (next < work.length) {
    const item = work[next]
    next += 1
    if (isFolder) {
      const file = path.join(source, item)
      await post(readFileSync(file))
      unlinkSync(file)
    } else {
      await post(item)
    }
  }
}

await Promise.all(Array.from({ length: inFlight }, worker))
agent.destroy()
