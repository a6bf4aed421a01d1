import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { afterAll } from 'vitest'

import { endProcessesIn } from './processes.ts'

/** A home folder of its own for one test, gone when the tests of its file end. */
export interface Home {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  readonly settings: string
  readonly clientId: string
  readonly state: string
  readonly at: (...parts: string[]) => string
  readonly write: (file: string, content: string | Uint8Array) => string
  readonly read: (file: string) => string
  readonly has: (file: string) => boolean
}

const folders: string[] = []

// For the whole file, because tests that run side by side have no hook of their own here.
afterAll(() => {
  // A test that timed out may have left a process running, which must not go on without its settings.
  endProcessesIn(folders)
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function tempHome(): Home {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'telemetry-home-'))
  folders.push(folder)
  const at = (...parts: string[]) => path.join(folder, ...parts)
  return {
    path: folder,
    env: environment(folder),
    settings: at('.config', 'runmat', 'config.toml'),
    clientId: at('.runmat', 'telemetry_id'),
    state: at('.cache', 'runmat', 'telemetry'),
    at,
    write: (file, content) => {
      const full = path.resolve(folder, file)
      mkdirSync(path.dirname(full), { recursive: true })
      writeFileSync(full, content)
      return full
    },
    read: (file) => readFileSync(path.resolve(folder, file), 'utf8'),
    has: (file) => existsSync(path.resolve(folder, file)),
  }
}

/** HostEnvironment in which nothing says no, and nothing can leave the machine. */
function environment(home: string): Record<string, string> {
  return {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    RUNMAT_TELEMETRY_KEY: 'key-of-the-tests',
    NODE_OPTIONS: `--require=${path.join(import.meta.dirname, 'guard.cjs')}`,
    TEST_TRIPWIRE: process.env['TEST_TRIPWIRE'] ?? '',
  }
}
