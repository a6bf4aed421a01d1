import type { Sink } from 'runmat-telemetry-common/sink'

import type { Settings } from '../settings.ts'
import { openFile } from './file.ts'
import { storingOnce } from './once.ts'
import { openPostHog } from './posthog.ts'
import { rememberedIn } from './remembered.ts'
import { openSegments, type SegmentOptions } from './segments.ts'

/** Opens the sink that stores events for good. */
export async function openPrimary(
  { sink }: Pick<Settings, 'sink'>,
  options: SegmentOptions,
): Promise<Sink> {
  switch (sink.kind) {
    case 'posthog':
      return storingOnce(openPostHog(sink))
    case 'file':
      return storingOnce(await openFile(sink.path), await rememberedIn(sink.path))
    case 'segments': {
      const segments = await openSegments(sink, options)
      return storingOnce(segments.sink, segments.remembered)
    }
  }
}
