// The reliable path: events in the real queue on disk, delivered by the real uploader.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { makeEvent } from './events.js'

/** With more than this, the queue would start dropping by its own rules. */
const most = 400

export function openClient(home) {
  const { queue } = home
  const sent = new Set()
  let uploader
  mkdirSync(queue, { recursive: true, mode: 0o700 })

  const record = () => {
    const { id, bytes } = makeEvent()
    sent.add(id)
    const digits = (value, width) => String(value).padStart(width, '0')
    const numbers = [digits(sent.size, 12), digits(Date.now(), 14), digits(bytes.length, 7)]
    const name = path.join(queue, `${numbers.join('-')}-${id}.json`)
    writeFileSync(`${name}.new`, bytes, { mode: 0o600 })
    renameSync(`${name}.new`, name)
  }
  const waiting = () => readdirSync(queue).filter((name) => name.endsWith('.json')).length
  return {
    sent,
    waiting,
    /** Queues more events while there is room. */
    record: (count) => {
      const room = Math.min(count, most - waiting())
      for (let index = 0; index < room; index += 1) record()
    },
    /** Runs the uploader once; it may not deliver everything. */
    upload: async () => {
      await home.run('bin/runmat-telemetry.js', ['upload'], (child) => (uploader = child))
    },
    kill: () => uploader?.kill('SIGKILL'),
  }
}
