// Posts one event after the other on each connection, and reports how many were answered with 204 each
// second, the other answers, and the 99th percentile:
// node swarm.js EVENT CONNECTIONS MILLISECONDS PORT …
import { randomUUID } from 'node:crypto'
import net from 'node:net'

const [event, connections, ms, ...ports] = process.argv.slice(2)
const uuid = '"uuid":"'
const head = [
  'POST /ingest HTTP/1.1',
  'Host: 127.0.0.1',
  'Content-Type: application/json',
  'x-telemetry-key: key-of-the-benchmark',
  `Content-Length: ${event.length}`,
].join('\r\n')
const start = performance.now()
const end = start + Number(ms)
const took = []
let others = 0

function post() {
  // Each event is distinct, because the stream would recognise repeated ones.
  const at = event.indexOf(uuid) + uuid.length
  return `${head}\r\n\r\n${event.slice(0, at)}${randomUUID()}${event.slice(at + 36)}`
}

const lane = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(Number(port), '127.0.0.1')
    let since = 0
    let heard = ''
    const send = () => {
      if (performance.now() > end) return socket.end()
      since = performance.now()
      socket.write(post(), 'latin1')
    }
    socket.setNoDelay(true)
    socket.on('connect', send)
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      if (!heard.includes('\r\n\r\n')) return
      if (heard.startsWith('HTTP/1.1 204')) took.push(performance.now() - since)
      else others += 1
      heard = ''
      send()
    })
    socket.on('error', resolve)
    socket.on('close', resolve)
  })

await Promise.all(
  Array.from({ length: Number(connections) }, (_, index) => lane(ports[index % ports.length])),
)
took.sort((a, b) => a - b)
const rate = (took.length * 1000) / (performance.now() - start)
const share = (part) => took[Math.floor(took.length * part)]
console.log(JSON.stringify({ rate, p50: share(0.5), p99: share(0.99), others }))
