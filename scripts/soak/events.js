import { randomUUID } from 'node:crypto'

import { contractsOf, runmat } from '../../dist/contract.js'

const finished = contractsOf(runmat).find(({ title }) => title.endsWith('run finished'))

/** A finished run as the runtime reports it. */
export function makeEvent() {
  const id = randomUUID()
  const bytes = finished.serialise({
    event_label: 'runtime.run.finished',
    uuid: id,
    cid: 'f3c1e6a2-64a5-4b9b-9a70-3d0d8a1c5d11',
    session_id: randomUUID(),
    os: 'linux',
    arch: 'x86_64',
    release: '0.6.1',
    run_kind: 'script',
    payload: { duration_us: 4412, success: true, jit_enabled: true, timestamp_ms: Date.now() },
  })
  return { id, bytes }
}
