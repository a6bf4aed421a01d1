import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { everyKind } from '../../../infra/common/src/events/event.ts'
import { readEvent } from '../../../infra/common/src/events/reader.ts'
import { type Facts, factsOf } from '../../../infra/report/src/facts/facts.ts'
import { lines, report } from './support/cli.ts'

const wire = path.resolve(import.meta.dirname, '../../contract/wire/real-clients.ndjson')

type Fields = Readonly<Record<string, unknown>>

const clients = readFileSync(wire, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { name: string; body: Fields })

/** The line that the worker stores of what a client posted. */
function stored(body: Fields): string {
  const reading = readEvent(JSON.stringify(body), everyKind)
  if ('refusal' in reading) throw new Error(JSON.stringify(reading.refusal))
  return JSON.stringify(reading.event.fields)
}

function factsIn(body: Fields): Facts {
  const line = stored(body)
  const facts = factsOf(JSON.parse(line), line)
  if (facts === undefined) throw new Error(`no event: ${line}`)
  return facts
}

/** Where each field of the wire is to be found again. A field without an entry has no question. */
const columns: Readonly<Record<string, (facts: Facts) => unknown>> = {
  uuid: ({ id }) => id,
  session_id: ({ session }) => session,
  os: ({ profile }) => profile.os,
  arch: ({ profile }) => profile.arch,
  platform: ({ profile }) => profile.platform,
  release: ({ profile }) => profile.release,
  method: ({ profile }) => profile.method,
  run_kind: ({ profile }) => profile.run_kind,
  timestamp_ms: ({ at }) => at,
  success: ({ profile }) => profile.failed === 0,
  jit_enabled: ({ profile }) => profile.jit_enabled === 1,
  jit_used: ({ profile }) => profile.jit_used === 1,
  accelerate_enabled: ({ profile }) => profile.accelerate_enabled === 1,
  gpu_dispatches: ({ profile }) => profile.gpu_used === 1,
  error: ({ profile }) => profile.code,
  'runtime.failure.stage': ({ profile }) => profile.stage,
  'runtime.failure.code': ({ profile }) => profile.code,
  'runtime.failure.component': ({ profile }) => profile.component,
  'runtime.failure.host': ({ profile }) => profile.host,
  backend: ({ profile }) => profile.backend,
}

const spellings: Readonly<Record<string, string>> = {
  AMD64: 'x86_64',
  aarch64: 'arm64',
  darwin: 'macos',
  'macos-aarch64': 'macos-arm64',
  'v0.6.1': '0.6.1',
  'v0.2.8': '0.2.8',
  'StMarysHospital:PatientSmith1974': 'user',
}

/** The fields of the wire that have a question, in the report's spelling. */
function asked(body: Fields): Record<string, unknown> {
  const payload = (body['payload'] ?? {}) as Fields
  const provider = payload['provider'] as { device: Fields; telemetry: Fields } | undefined
  const isInstall = String(body['event_label'] ?? body['event']).startsWith('install')
  const all: Fields = {
    ...provider?.telemetry,
    ...provider?.device,
    ...payload,
    ...body,
  }
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name in columns && !(isInstall && /^(session_id|run_kind)$/.test(name)))
      .map(([name, value]) => [
        name,
        name === 'gpu_dispatches' ? Number(value) > 0 : (spellings[String(value)] ?? value),
      ]),
  )
}

describe('what real clients send, through the worker into the report', () => {
  it.each(clients.map(({ name, body }) => [name, body] as const))(
    'has every field that a question asks for in its column: %s',
    (_, body) => {
      const expected = asked(body)
      const facts = factsIn(body)
      const found = Object.keys(expected).map((name) => [name, columns[name]?.(facts)])
      expect(Object.fromEntries(found)).toEqual(expected)
      expect(Object.keys(expected).length).toBeGreaterThan(4)
    },
  )

  it('is one client with one id, and another where the installer made an id of its own', () => {
    const ids = clients.map(({ body }) => factsIn(body).client)
    const own = 'eac98648-3b42-41c7-a887-7452dd08cbf0'
    expect(ids.filter((id) => id === own)).toHaveLength(clients.length - 1)
    expect(new Set(ids).size).toBe(2)
  })

  it('answers all three questions', async () => {
    const stdin = lines(...clients.map(({ body }) => stored(body)))
    const words = ['installs', 'active', 'failures', 'unfinished', '--from', '-']
    const { out } = await report([...words, '--format', 'json'], { stdin })
    const { coverage, questions } = JSON.parse(out) as {
      coverage: object
      questions: Record<string, { rows: Fields[] }>
    }
    // Two old installs without a uuid say the same, so they are one event that came twice.
    expect(coverage).toMatchObject({ events: clients.length - 1, repeated: 1, unreadable: 0 })
    // PowerShell's start, whose release is unknown, is of the install that completed.
    expect(questions['installs']?.rows).toMatchObject([
      { os: 'linux', arch: 'x86_64', started: 1, completed: 1, failed: 0, open: 0 },
      { os: 'macos', arch: 'arm64', started: 0, completed: 1, failed: 0, open: 0 },
      { os: 'windows', arch: 'x86_64', started: 1, completed: 1, failed: 0, open: 0 },
    ])
    expect(questions['active']?.rows).toEqual([
      { finished: 7, jit_enabled: 7, jit_used: 6, accelerate_enabled: 7, gpu_used: 7 },
    ])
    expect(questions['failures']?.rows).toMatchObject([
      { area: 'compiler', stage: 'hir', code: 'RunMat:UndefinedVariable', runs: 1, installs: 1 },
      { area: 'runtime', stage: 'runtime', code: 'user', runs: 1, installs: 1 },
    ])
    expect(questions['unfinished']?.rows).toEqual([{ started: 3, finished: 0, unfinished: 3 }])
  })
})
