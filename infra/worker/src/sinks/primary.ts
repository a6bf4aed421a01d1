import type { Sink } from 'runmat-telemetry-common/sink'

import type { Settings } from '../settings.ts'
import { openFile } from './file.ts'
import { openPostHog } from './posthog.ts'

/** Opens the sink that stores events for good. */
export function openPrimary({ sink }: Pick<Settings, 'sink'>): Sink | Promise<Sink> {
  return sink.kind === 'posthog' ? openPostHog(sink) : openFile(sink.path)
}
