// Sends COUNT datagrams to 127.0.0.1 at an even rate of RATE a second, and reports the result.
// node sender.js PORT COUNT RATE
import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'

const [port, count, rate] = process.argv.slice(2).map(Number)

const socket = createSocket({ type: 'udp4', sendBufferSize: 4 * 1024 * 1024 })
const datagrams = Array.from({ length: count }, (_, sequence) => eventOf(sequence))
socket.connect(port, '127.0.0.1', () => {
  const start = performance.now()
  let sent = 0
  let failed = 0
  const step = () => {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / 1000) * rate))
    while (sent < due) {
      socket.send(datagrams[sent], (error) => (failed += error ? 1 : 0))
      sent += 1
    }
    if (sent < count) return void setTimeout(step, 1)
    const took = performance.now() - start
    socket.close()
    process.stdout.write(`${JSON.stringify({ sent, failed, rate: (sent / took) * 1000 })}\n`)
  }
  step()
})

/** A finished run as the runtime sends it: 580 bytes. */
function eventOf(sequence) {
  return Buffer.from(
    JSON.stringify({
      event_label: 'runtime.run.finished',
      uuid: randomUUID(),
      cid: 'f3c1e6a2-64a5-4b9b-9a70-3d0d8a1c5d11',
      session_id: randomUUID(),
      os: 'linux',
      arch: 'x86_64',
      release: '0.6.1',
      run_kind: 'script',
      payload: {
        duration_us: sequence,
        success: true,
        jit_enabled: true,
        jit_used: true,
        accelerate_enabled: true,
        counters: { total_executions: 12, jit_compiled: 3, interpreter_fallback: 0 },
        provider: { device: { name: 'NVIDIA RTX 4090', vendor: 'NVIDIA', backend: 'vulkan' } },
        gpu_wall_ns: 12_345_678,
        gpu_ratio: 0.5,
        gpu_dispatches: 3,
      },
    }),
  )
}
