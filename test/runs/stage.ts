import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import { cleanUpLater, library, settle, stage, type Stage } from '../faults/stage.ts'
import type { CollectorOptions } from '../support/collector.ts'
import type { Home } from '../support/home.ts'
import { program } from '../support/programs.ts'
import { type Ended, run, type RunOptions } from '../support/run.ts'
import type { Play } from '../programs/runner.ts'

/** A machine on which something has run before, without UDP unless a test asks for it. */
export async function runStage(options: CollectorOptions = {}, settings = ''): Promise<Stage> {
  const made = await stage(options)
  settle(made.home, { fired: ['first_seen_for_install_id', 'first_seen_for_version@0.6.1'] })
  configure(made.home, made.collector.url, settings)
  return made
}

export function configure(home: Home, url: string, settings = ''): void {
  const udp = settings.includes('udp_endpoint') ? '' : 'udp_endpoint = ""\n'
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${url}"\n${udp}${settings}`)
}

export function host(home: Home, play: Partial<Play>, options: RunOptions = {}): Promise<Ended> {
  const full: Play = { library, end: 'close', ...play }
  return run(process.execPath, [program('runner'), JSON.stringify(full)], home, options)
}

/** How many milliseconds the host spent in the library. */
export function spent({ out }: Ended): { readonly record: number; readonly close: number } {
  return JSON.parse(out) as { record: number; close: number }
}

export async function udpSink(): Promise<{ address: string; received: string[]; socket: Socket }> {
  const socket = createSocket('udp4')
  const received: string[] = []
  socket.on('message', (message) => received.push(String(message)))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  cleanUpLater(() => socket.close())
  const { port } = socket.address()
  return { address: `127.0.0.1:${port}`, received, socket }
}
