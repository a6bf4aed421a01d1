// Posts events over several connections, one at a time on each, and reports the rate and latency of the
// answers: node posts.js PORT SECONDS CONNECTIONS [EVENT], without an event one of our own client. Uses
// bare sockets, because an HTTP client would be slower than the server.
import { randomUUID } from 'node:crypto'
import net from 'node:net'

import { contractsOf, runmat } from '../../dist/contract.js'

const [port, seconds, connections] = process.argv.slice(2, 5).map(Number)
const warmUpMs = 1000

const uuid = randomUUID()
const own = contractsOf(runmat)
  .find(({ title }) => title.endsWith('run finished'))
  .serialise({
    event_label: 'runtime.run.finished',
    uuid,
    cid: 'f3c1e6a2-64a5-4b9b-9a70-3d0d8a1c5d11',
    session_id: randomUUID(),
    os: 'linux',
    arch: 'x86_64',
    release: '0.6.1',
    run_kind: 'script',
    payload: {
      duration_us: 48_123,
      success: true,
      jit_enabled: true,
      jit_used: true,
      accelerate_enabled: true,
      timestamp_ms: Date.now(),
      counters: { total_executions: 12, jit_compiled: 3, interpreter_fallback: 0 },
      provider: { device: { name: 'NVIDIA RTX 4090', vendor: 'NVIDIA', backend: 'vulkan' } },
      gpu_wall_ns: 12_345_678,
      gpu_ratio: 0.5,
      gpu_dispatches: 3,
    },
  })
const [, , , , , given = own] = process.argv
// Another run must not send the same events.
const body = given.replace(/(?<="(?:uuid|session_id|sessionId)":")[0-9a-f-]{36}/, uuid)
const request = [
  'POST /ingest HTTP/1.1',
  'Host: 127.0.0.1',
  'Content-Type: application/json',
  'x-telemetry-key: key-of-the-benchmark',
  `Content-Length: ${Buffer.byteLength(body)}`,
  `\r\n${body}`,
].join('\r\n')
// The last twelve digits of the first id that tells events apart.
const digits = /"(?:uuid|session_id|sessionId)":"[0-9a-f-]{24}/.exec(request)
const at = digits.index + digits[0].length

let sent = 0
let answered = 0
let measuring = false
let failed = 0
const latencies = []

for (let index = 0; index < connections; index += 1) open()
setTimeout(() => {
  measuring = true
  const before = process.cpuUsage()
  const start = performance.now()
  setTimeout(() => {
    const took = performance.now() - start
    const { user, system } = process.cpuUsage(before)
    const sorted = Float64Array.from(latencies).sort()
    const share = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
    const rate = (latencies.length / took) * 1000
    const busy = (user + system) / 1000 / took
    console.log(JSON.stringify({ rate, answered, p50: share(0.5), p99: share(0.99), failed, busy }))
    process.exit()
  }, seconds * 1000)
}, warmUpMs)

function open() {
  const bytes = Buffer.from(request)
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  let start = 0
  const post = () => {
    sent += 1
    bytes.write(sent.toString(16).padStart(12, '0'), at, 'latin1')
    start = performance.now()
    socket.write(bytes)
  }
  socket.on('connect', post)
  socket.on('data', (chunk) => {
    // A 204 has no body and arrives in one piece. Anything else is a failure.
    if (chunk.latin1Slice(9, 12) !== '204') failed += 1
    answered += 1
    if (measuring) latencies.push(performance.now() - start)
    post()
  })
  socket.on('error', () => (failed += 1))
}
