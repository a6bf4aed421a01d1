import type { Sink } from 'runmat-telemetry-common/sink'

import type { Settings } from '../settings.ts'
import { openFile } from './file.ts'
import { storingOnce } from './once.ts'
import { openPostHog } from './posthog.ts'
import { rememberedIn } from './remembered.ts'

/** Opens the sink that stores events for good. */
export async function openPrimary({ sink }: Pick<Settings, 'sink'>): Promise<Sink> {
  if (sink.kind === 'posthog') return storingOnce(openPostHog(sink))
  return storingOnce(await openFile(sink.path), await rememberedIn(sink.path))
}
