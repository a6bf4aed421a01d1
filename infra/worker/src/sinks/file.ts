import path from 'node:path'

import { allOf, type Sink } from 'runmat-telemetry-common/sink'

import { type Appender, openAppender, troubleOf } from './append.ts'
import { folderError } from './folder-error.ts'
import { makeFolder } from './make-folder.ts'
import { removeLines } from './remove-lines.ts'

/** One NDJSON file: each line holds one event as the contract serialises it. */
export async function openFile(name: string): Promise<Sink> {
  const file = path.resolve(name)
  const { append, probe, close } = await openAt(file)
  let working: Promise<unknown> = Promise.resolve()
  /** Nothing may be appended while the file is written again. */
  const alone = async <T>(task: () => Promise<T>): Promise<T> => {
    const done = working.then(task)
    working = done.catch(() => undefined)
    return await done
  }
  return {
    name: 'file',
    inFlight: 1,
    store: async (events) => {
      try {
        await alone(() => append(events.map(({ bytes }) => bytes)))
        return allOf(events, 'stored')
      } catch (error) {
        return allOf(events, 'later', troubleOf(error))
      }
    },
    probe,
    erase: async (ids) => {
      try {
        await alone(() => removeLines(file, ids))
        return undefined
      } catch (error) {
        return troubleOf(error)
      }
    },
    close: async () => {
      await working
      await close()
    },
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
