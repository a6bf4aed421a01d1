import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { requireTool } from '../../support/tools.ts'
import { startClickHouse, treating, works } from './clickhouse/server.ts'
import { finished, install, started, uuidOf } from './support/events.ts'
import { startPostHog } from './support/posthog.ts'
import { buildWorker, run } from './support/process.ts'
import { json, ndjson } from './support/requests.ts'
import { key, later } from './support/stage.ts'
import { connect, headOf, postOf } from './support/wire.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const home = tempHome()

function post(url: string, body: string, type = json): Promise<number> {
  return fetch(`${url}/v1/t`, {
    method: 'POST',
    headers: { 'Content-Type': type, 'x-telemetry-key': key },
    body,
  }).then(
    (response) => response.status,
    () => 0,
  )
}

function uuidsIn(file: string, isOf: (line: string) => boolean = () => true): readonly string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1).filter(isOf).map(uuidOf)
}

/** A line cut short by a kill belongs to an unconfirmed event. */
function isWhole(line: string): boolean {
  try {
    return uuidOf(line) !== ''
  } catch {
    return false
  }
}

describe('the worker', () => {
  it('runs without settings beyond a key and stores events in a file', async () => {
    const file = home.at('box.ndjson')
    const worker = await run(program, { EVENTS_FILE: file })
    const bytes = finished()
    expect(await post(worker.url, bytes)).toBe(204)
    expect(readFileSync(file, 'utf8')).toBe(`${bytes}\n`)
    await worker.stop('SIGINT')
    expect(await worker.ended).toEqual({ code: 0, signal: null })
    expect(worker.said()).toContain('"msg":"stopped"')
  })

  it('refuses to start with bad settings and names every fault', async () => {
    const worker = await run(program, { PORT: 'x', INGESTION_KEY: '', GA_API_SECRET: 's' })
    expect((await worker.ended).code).toBe(1)
    expect(worker.said().split('\n')).toEqual([
      'The environment is not usable:',
      expect.stringMatching(/^ {2}PORT /),
      expect.stringMatching(/^ {2}INGESTION_KEY /),
      expect.stringMatching(/^ {2}GA_MEASUREMENT_ID /),
      '',
    ])
  })

  it('warns that EVENTS_FILE is ignored if PostHog is the sink', async () => {
    const file = home.at('ignored.ndjson')
    const posthog = { POSTHOG_API_KEY: 'k', POSTHOG_HOST: 'http://127.0.0.1:9' }
    const worker = await run(program, { ...posthog, EVENTS_FILE: file })
    await eventually(() =>
      expect(worker.said()).toMatch(/"level":40,.*"variables":\["EVENTS_FILE"\].*"msg":"ignored"/),
    )
    expect(home.has(file)).toBe(false)
    await worker.stop()
  })

  it('looks at its sink at the start, and logs what keeps it from storing', async () => {
    const clickHouse = await startClickHouse(treating(works))
    const env = { CLICKHOUSE_URL: clickHouse.url }
    const first = await run(program, env)
    await eventually(() => expect(clickHouse.asked.join()).toContain('CREATE TABLE IF NOT EXISTS'))
    await first.stop()
    expect(first.said()).not.toContain('not ready')
    await clickHouse.stop()
    const second = await run(program, env)
    const trouble = '"trouble":"ClickHouse: connection refused","msg":"not ready"'
    await eventually(() => expect(second.said()).toContain(trouble))
  })

  it('refuses to start if it cannot listen or store', async () => {
    const first = await run(program)
    const events = home.at('not-listening')
    const second = await run(program, { PORT: String(first.port), EVENTS_DIR: events })
    expect((await second.ended).code).toBe(1)
    expect(second.said()).toBe(
      `Can't listen on 127.0.0.1, port ${first.port}: another program does (EADDRINUSE). Set PORT.\n`,
    )
    expect(readdirSync(events)).toEqual([])
    const third = await run(program, { EVENTS_FILE: home.path })
    expect((await third.ended).code).toBe(1)
    await first.stop()
  })

  it.runIf(process.platform === 'linux')(
    'listens beyond 127.0.0.1 only with a key or an address',
    async () => {
      const reaches = (port: number) =>
        fetch(`http://127.0.0.2:${port}/healthz`).then(
          ({ status }) => status,
          () => 0,
        )
      const keyless = { INGESTION_KEY: '', ALLOW_KEYLESS: '1' }
      const cases = [
        [{ ...keyless, HOST: '' }, 0],
        [{ HOST: '' }, 200],
        [{ ...keyless, HOST: '0.0.0.0' }, 200],
      ] as const
      for (const [env, status] of cases) {
        const worker = await run(program, env)
        expect(await reaches(worker.port)).toBe(status)
        expect((await fetch(`${worker.url}/healthz`)).status).toBe(200)
        await worker.stop()
      }
    },
  )

  it('finishes what is in flight on SIGTERM, within 10 s even if the sink hangs', async () => {
    const start = Date.now()
    const posthog = await startPostHog('hang')
    later(() => posthog.stop())
    const worker = await run(program, { POSTHOG_API_KEY: 'k', POSTHOG_HOST: posthog.url })
    const wire = await connect(worker.port)
    wire.send(postOf(finished()))
    const talking = await connect(worker.port)
    const late = started()
    talking.send(headOf({ length: late.length }) + late.slice(0, 100))
    await posthog.received(1)
    worker.child.kill('SIGTERM')
    await eventually(() => expect(worker.said()).toContain('stopping'))
    await expect(connect(worker.port)).rejects.toThrow('ECONNREFUSED')
    // Requests in flight and half-sent ones are answered with Connection: close.
    posthog.script(200)
    talking.send(late.slice(100))
    expect(await talking.ended).toMatch(/^HTTP\/1\.1 204 .*Connection: close/s)
    expect(await wire.ended).toMatch(/^HTTP\/1\.1 503 /)
    expect(await worker.ended).toEqual({ code: 0, signal: null })
    expect(Date.now() - start).toBeLessThan(12_000)
  })

  it('keeps every event that got 204, once, however often it is killed', async () => {
    const file = home.at('killed.ndjson')
    const events = Array.from({ length: 600 }, () => finished())
    const acknowledged = new Set<string>()
    const kept = new Set(events)
    for (let round = 0; kept.size > 0; round += 1) {
      const worker = await run(program, { EVENTS_FILE: file })
      const before = acknowledged.size
      const sending = Promise.all(
        Array.from({ length: 8 }, async (_, lane) => {
          for (const [index, bytes] of [...kept].entries()) {
            if (index % 8 !== lane) continue
            const status = await post(worker.url, bytes)
            if (status === 0) return
            expect(status).toBe(204)
            acknowledged.add(uuidOf(bytes))
            kept.delete(bytes)
            if (round < 3 && acknowledged.size - before > 120) worker.child.kill('SIGKILL')
          }
        }),
      )
      await sending
      // Forgets the last answers, as if they were lost.
      if (round < 3) for (const bytes of events.slice(0, 40)) kept.add(bytes)
      await worker.stop('SIGKILL')
      const there = new Set(uuidsIn(file, isWhole))
      expect([...acknowledged].filter((uuid) => !there.has(uuid))).toEqual([])
    }
    expect([...uuidsIn(file, isWhole)].sort()).toEqual(events.map(uuidOf).sort())
  })
})

const clients: readonly (readonly [string, (url: string, file: string) => readonly string[]])[] = [
  [
    'curl',
    (url, file) => [
      '-sS',
      '-w%{http_code}',
      '--data-binary',
      `@${file}`,
      `-HContent-Type: ${json}`,
      `-Hx-telemetry-key: ${key}`,
      `${url}/v1/t`,
    ],
  ],
  [
    'wget',
    (url, file) => [
      '-qSO-',
      '--content-on-error',
      `--post-file=${file}`,
      `--header=Content-Type: ${json}`,
      `--header=x-telemetry-key: ${key}`,
      `${url}/v1/t`,
    ],
  ],
  [
    'python3',
    (url, file) => [
      '-c',
      `import sys, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1] + '/v1/t', data=open(sys.argv[2], 'rb').read(),
  headers={'Content-Type': '${json}', 'x-telemetry-key': '${key}'})
try:
  print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as error:
  print(error.code, error.read().decode())`,
      url,
      file,
    ],
  ],
]

describe('an event posted by', () => {
  it.for(clients)('%s is stored', async ([client, argsOf], { skip }) => {
    skip(!requireTool(client), `${client} is not installed`)
    const stored = home.at(`${client}.ndjson`)
    const worker = await run(program, { EVENTS_FILE: stored })
    const bytes = finished()
    const ask = async (body: string): Promise<string> => {
      const args = argsOf(worker.url, home.write('body.json', body))
      const { stdout, stderr } = await promisify(execFile)(client, [...args]).catch(
        (error: { stdout: string; stderr: string }) => error,
      )
      return stdout + stderr
    }
    expect(await ask(bytes)).toContain('204')
    expect(uuidsIn(stored)).toEqual([uuidOf(bytes)])
    expect(await ask(bytes.replace('"linux"', '"lunch"'))).toMatch(
      /400[^]*"field":"os"|"field":"os"[^]*400/,
    )
    expect(await ask('x'.repeat(3_000_000))).toMatch(/413/)
    await worker.stop()
  })

  it('Node’s fetch in one NDJSON request is stored', async () => {
    const stored = home.at('fetch.ndjson')
    const worker = await run(program, { EVENTS_FILE: stored })
    const events = Array.from({ length: 300 }, () => install())
    expect(await post(worker.url, events.join('\n'), ndjson)).toBe(204)
    expect(uuidsIn(stored)).toEqual(events.map(uuidOf))
    await worker.stop()
  })
})
