// Puts COUNT events into the stream, without the worker: node fill.js SERVER COUNT EVENT
import { randomUUID } from 'node:crypto'

import { connect, createInbox, headers } from '@nats-io/transport-node'

const [server, count, event] = process.argv.slice(2)
const uuid = '"uuid":"'
const most = 4000
const connection = await connect({ servers: server.replace('nats://', '') })
const inbox = createInbox()
let sent = 0
let stored = 0
await new Promise((resolve) => {
  const more = () => {
    for (; sent < Number(count) && sent - stored < most; sent += 1) {
      const id = randomUUID()
      const at = event.indexOf(uuid) + uuid.length
      const made = headers()
      made.set('Nats-Msg-Id', id)
      const bytes = `${event.slice(0, at)}${id}${event.slice(at + 36)}`
      connection.publish('telemetry.events', bytes, { reply: inbox, headers: made })
    }
  }
  connection.subscribe(inbox, {
    callback: () => {
      stored += 1
      if (stored === Number(count)) resolve()
      else if (sent - stored < most / 2) more()
    },
  })
  more()
})
await connection.close()
console.log(stored)
