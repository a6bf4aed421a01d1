import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Telemetry } from '../../src/entry/library.ts'
import { readHostEnvironment } from '../../src/settings/host-environment.ts'

/** What a host does, one step after the other. */
export interface Script {
  /** The built library. */
  readonly library: string
  readonly version: string
  readonly steps: readonly Step[]
  /** The host has shown the notice itself. */
  readonly notice?: 'shown'
  readonly uploader?: { readonly command: string; readonly args: readonly string[] }
  /** Where to write how many milliseconds the host spent in the library. */
  readonly timing?: string
  /** A file to make when the library asks for the time, as it does right before it stands in line. */
  readonly asked?: string
}

export type Step =
  | readonly ['count' | 'select' | 'milestone', ...string[]]
  | readonly ['capabilities', Readonly<Record<string, boolean>>]
  /** Goes on as a host of another version would. */
  | readonly ['version', string]
  /** Moves the clock of the library by so many milliseconds against the real one. */
  | readonly ['clock', number]
  /** Deletes the working folder from under the host. */
  | readonly ['lose folder']
  | readonly ['close']
  /** Says `ready ` on stdout and waits for a line on stdin, or its end, or to be killed. */
  | readonly ['wait']

const script = JSON.parse(process.argv[2] ?? '') as Script
const { library } = script

async function play(): Promise<void> {
  const { openTelemetry, runmat } = (await import(
    pathToFileURL(library).href
  )) as typeof import('../../src/entry/library.ts')
  const lost = script.steps.some(([step]) => step === 'lose folder')
  if (lost) loseFolder()
  let offset = 0
  const start = performance.now()
  const open = (version: string): Telemetry =>
    openTelemetry(runmat, {
      version,
      environment: {
        ...readHostEnvironment(),
        now: () => {
          if (script.asked) writeFileSync(script.asked, '')
          return Date.now() + offset
        },
      },
      ...(script.uploader && { uploader: script.uploader }),
      ...(script.notice && { notice: script.notice }),
    })
  let telemetry = open(script.version)
  for (const step of script.steps) {
    if (step[0] === 'clock') offset = step[1]
    else if (step[0] === 'version') telemetry = open(step[1])
    else if (step[0] === 'close') await telemetry.close()
    else if (step[0] === 'wait') await go()
    else if (step[0] === 'capabilities') telemetry.capabilities(step[1])
    else if (step[0] === 'count') telemetry.count(step[1] ?? '', step[2])
    else if (step[0] !== 'lose folder') telemetry[step[0]](step[1] ?? '')
  }
  if (script.timing) writeFileSync(script.timing, String(performance.now() - start))
}

function loseFolder(): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'telemetry-lost-'))
  process.chdir(folder)
  rmdirSync(folder)
}

function go(): Promise<void> {
  process.stdout.write('ready ')
  return new Promise((resolve) => {
    process.stdin.once('data', () => resolve())
    process.stdin.once('end', () => resolve())
  })
}

await play()
// Only a host that was told to wait has opened it, and an open one would keep it alive.
if (script.steps.some(([step]) => step === 'wait')) process.stdin.destroy()
