// Senders without a key that never finish what they say.
import net from 'node:net'

const count = 64
const heldMs = 3000

/** Opens that many to a worker, each with a body that lacks its last byte, for a while. */
export function besiege(url) {
  const { port } = new URL(url)
  for (let one = 0; one < count; one += 1) {
    const socket = net.connect(Number(port), '127.0.0.1')
    const end = setTimeout(() => socket.destroy(), heldMs)
    socket.on('error', () => undefined)
    socket.on('close', () => clearTimeout(end))
    socket.write(
      'POST /v1/t HTTP/1.1\r\nHost: collector\r\nContent-Type: application/json\r\n' +
        `Content-Length: 4000\r\n\r\n${' '.repeat(3999)}`,
    )
  }
}
