import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Events of a machine in use, with their names in the queue. */
export function makeEvents({ buildUsage, freshStats, nameOf, runmat }, count) {
  const at = '2025-01-01T00:00:00Z'
  const now = Date.now()
  const installId = randomUUID()
  const stats = {
    ...freshStats(at),
    subcommand_counts: { run: 481, run_success: 402, run_failed_runtime: 61, repl: 17, version: 5 },
    selections: { jit: 390, interpreter: 91, gpu: 212, cpu: 269 },
    feature_capabilities: { jit: true, gpu: true, fusion: true, wgpu: true, cuda: false },
  }
  return Array.from({ length: count }, (_, index) => {
    const sequence = index + 1
    const id = randomUUID()
    const bytes = buildUsage(runmat, {
      eventId: id,
      installId,
      trigger: 'first_seen_for_version',
      at,
      version: `0.6.${index}`,
      platform: 'linux',
      arch: 'x64',
      stats: { ...stats, sequence },
    })
    return { bytes, name: nameOf({ sequence, at: now, bytes: Buffer.byteLength(bytes), id }) }
  })
}

/** Puts the events into an otherwise empty queue. The limit of 1,000 applies only to recording. */
export function fillQueue(queue, events) {
  rmSync(queue, { recursive: true, force: true })
  mkdirSync(queue, { recursive: true, mode: 0o700 })
  for (const { name, bytes } of events) {
    writeFileSync(path.join(queue, name), bytes, { mode: 0o600 })
  }
}
