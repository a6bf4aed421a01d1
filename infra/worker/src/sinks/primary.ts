import type { Settings } from '../settings.ts'
import { openFile } from './file.ts'
import { openPostHog } from './posthog.ts'
import type { Sink } from './sink.ts'

/** The sink that has an event for good. */
export function openPrimary({ sink }: Pick<Settings, 'sink'>): Sink | Promise<Sink> {
  return sink.kind === 'posthog' ? openPostHog(sink) : openFile(sink.path)
}
