import { mkdir } from 'node:fs/promises'
import path from 'node:path'

import { allOf, type Sink } from 'runmat-telemetry-common/sink'

import { openAppender, troubleOf } from './append.ts'

/** One NDJSON file: each line holds one event as the contract serialises it. */
export async function openFile(name: string): Promise<Sink> {
  const file = path.resolve(name)
  await mkdir(path.dirname(file), { recursive: true })
  const { append, probe, close } = await openAppender(file, 'keep')
  return {
    name: 'file',
    inFlight: 1,
    store: async (events) => {
      try {
        await append(events.map(({ bytes }) => bytes))
        return allOf(events, 'stored')
      } catch (error) {
        return allOf(events, 'later', troubleOf(error))
      }
    },
    probe,
    close,
  }
}
