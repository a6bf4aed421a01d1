import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { type RequestOptions, requestOf } from '../worker/support/requests.ts'
import { run } from '../worker/support/process.ts'
import { later } from '../worker/support/stage.ts'
import type { Fields } from './clients.ts'

/** The real worker in its own process, with a file of its own. */
export interface FileWorker {
  readonly url: string
  /** Posts one event and returns the status. */
  readonly post: (body: string, options?: RequestOptions) => Promise<number>
  readonly stored: () => readonly Fields[]
  /** The samples of one metric by their label. */
  readonly metric: (name: string) => Promise<Readonly<Record<string, number>>>
}

export async function startFileWorker(
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<FileWorker> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'events-'))
  later(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'events.ndjson')
  const { url } = await run(program, { EVENTS_FILE: file, ...env })
  return {
    url,
    post: async (body, options) => {
      const response = await fetch(requestOf(body, options, url))
      await response.text()
      return response.status
    },
    stored: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Fields),
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text()
      const samples = text.matchAll(new RegExp(`^telemetry_${name}\\{.*="(.*)"\\} (\\d+)$`, 'gm'))
      return Object.fromEntries([...samples].map(([, label, value]) => [label, Number(value)]))
    },
  }
}
