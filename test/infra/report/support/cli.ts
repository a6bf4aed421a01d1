import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { onTestFinished } from 'vitest'

import { run } from '../../../../infra/report/src/run.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

export const now = Date.parse('2026-11-28T12:00:00Z')

/** The report in this process, with a world around it that a test chooses. */
export async function report(
  words: readonly string[],
  {
    stdin = '',
    columns,
    isErr = false,
  }: { stdin?: string; columns?: number; isErr?: boolean } = {},
): Promise<Said> {
  let out = ''
  let err = ''
  const code = await run(words, {
    now: () => now,
    temporary: os.tmpdir(),
    stdin: (async function* bytes() {
      yield Buffer.from(stdin)
    })(),
    pause: async () => await Promise.resolve(false),
    out: async (text) => {
      await Promise.resolve()
      out += text
    },
    err: (text) => {
      err += text
    },
    terminal: { columns, isOut: columns !== undefined, isErr, colour: false },
    clickhouse: { user: undefined, password: undefined },
  })
  return { code, out, err }
}

export function folder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'report-test-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

let made = 0

function uuid(): string {
  made += 1
  return `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`
}

type Fields = Readonly<Record<string, unknown>>

/** Lines as the worker stores them. */
export function install(step: string, claim: Fields = {}): string {
  const base = { event_label: `install_${step}`, uuid: uuid(), os: 'linux', arch: 'x86_64' }
  const rest = { platform: 'linux-x86_64', release: '0.6.1', method: 'shell', cid: uuid() }
  return JSON.stringify({ ...base, ...rest, ...claim })
}

export function started(claim: Fields): string {
  const base = { event_label: 'runtime.run.started', uuid: uuid(), arch: 'x86_64' }
  return JSON.stringify({ ...base, run_kind: 'script', ...claim, payload: { timestamp_ms: now } })
}

export function usage(client: string, counts: Readonly<Record<string, number>>): string {
  return JSON.stringify({
    payload_schema_version: 1,
    event_id: uuid(),
    install_id: client,
    sequence: 1,
    trigger: 'first_successful_run',
    trigger_ts: new Date(now).toISOString(),
    version: '0.6.1',
    platform: { os: 'linux', arch: 'x86_64' },
    subcommand_counts: counts,
  })
}

export function finished(payload: Fields = {}, claim: Fields = {}): string {
  return JSON.stringify({
    event_label: 'runtime.run.finished',
    uuid: uuid(),
    cid: uuid(),
    session_id: uuid(),
    os: 'linux',
    arch: 'x86_64',
    release: '0.6.1',
    run_kind: 'script',
    ...claim,
    payload: { success: true, jit_enabled: true, timestamp_ms: now, ...payload },
  })
}

export function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
