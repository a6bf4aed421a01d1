import path from 'node:path'

import { root } from '../../support/run.ts'

export const roarModule = path.join(root, 'examples/roar/product.js')

/** What roar's own client, in Python, says. */
export const real = {
  payload_schema_version: 1,
  stats_schema_version: 1,
  event_id: '5d5aa2a5-96dc-4d8a-8a4f-3ce9c0b2f4a1',
  install_id: '0a1e3f5c-3d0c-4b9b-9a57-6f2b5a7c8d9e',
  sequence: 3,
  first_seen: '2026-10-01T10:00:00Z',
  trigger: 'first_successful_roar_run',
  trigger_ts: '2026-10-02T10:00:00Z',
  counters_as_of: '2026-10-02T10:00:00Z',
  version: '0+unknown',
  platform: { os: 'linux', arch: 'aarch64' },
  subcommand_counts: { run: 2, run_success: 1, auth: 4 },
  tracer_selections: { ebpf: 2, other_tracer: 1 },
  feature_capabilities: {
    proxy_enabled: true,
    ray_enabled: false,
    osmo_enabled: true,
    blake3: true,
  },
}
