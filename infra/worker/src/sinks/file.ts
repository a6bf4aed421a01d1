import path from 'node:path'

import { allOf, type Sink } from 'runmat-telemetry-common/sink'

import { type Appender, openAppender, troubleOf } from './append.ts'
import { folderError } from './folder-error.ts'
import { makeFolder } from './make-folder.ts'

/** One NDJSON file: each line holds one event as the contract serialises it. */
export async function openFile(name: string): Promise<Sink> {
  const file = path.resolve(name)
  const { append, probe, close } = await openAt(file)
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

async function openAt(file: string): Promise<Appender> {
  try {
    await makeFolder(path.dirname(file))
    return await openAppender(file, 'keep')
  } catch (error) {
    throw folderError(file, error)
  }
}
