import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { startCollector, type Answer, type Collector } from '../support/collector.ts'
import { type Home, tempHome } from '../support/home.ts'

export interface Scene {
  readonly home: Home
  readonly id: string
  readonly collector: Collector
}

/** A machine that has sent events, some of them under another id than it has now. */
export async function sender(answer: Answer, earlier: readonly string[] = []): Promise<Scene> {
  const home = tempHome()
  const collector = await startCollector({ answer })
  const id = randomUUID()
  home.write(home.clientId, `${id}\n`)
  home.write(
    home.settings,
    `[runtime.telemetry]\nenabled = true\nhttp_endpoint = "${collector.url}"\n`,
  )
  const line = (uuid: string, cid: string) =>
    `{"sent_at":"2026-11-28T10:00:00.000Z","endpoint":"${collector.url}",` +
    `"event":{"event_label":"runtime.run.started","uuid":"${uuid}","cid":"${cid}"}}\n`
  const lines = [line(randomUUID(), id), ...earlier.map((uuid) => line(uuid, randomUUID()))]
  home.write(path.join(home.state, 'sent.ndjson'), lines.join(''))
  return { home, id, collector }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile())
}

export const holds = (home: Home, text: string) =>
  filesIn(home.path).some((file) => readFileSync(file, 'utf8').includes(text))
