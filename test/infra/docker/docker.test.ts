import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { ownPorts } from '../../support/ports.ts'
import { root } from '../../support/run.ts'
import { environmentOf, execForm, parseDockerfile, stepsOf } from './dockerfile.ts'
import { buildImage, type Image, isIgnored } from './image.ts'

const services = [
  { name: 'worker', ports: ['8080'] },
  { name: 'udp-forwarder', ports: ['7846/udp', '9000'] },
]
const readStages = (name: string) =>
  parseDockerfile(readFileSync(path.join(root, `infra/${name}/Dockerfile`), 'utf8'))

describe.each(services)('the Dockerfile of $name', ({ name, ports }) => {
  const stages = readStages(name)
  const last = stages.at(-1)

  it('builds in one stage and runs in another, from one pinned image', () => {
    expect(stages.map(({ image }) => image)).toEqual(['${NODE_IMAGE}', '${NODE_IMAGE}'])
    const file = readFileSync(path.join(root, `infra/${name}/Dockerfile`), 'utf8')
    expect(file).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+-bookworm-slim$/m)
  })

  it('runs without root and without a shell', () => {
    const order = last?.steps.map(({ instruction }) => instruction) ?? []
    expect(stepsOf(last, 'USER')).toEqual(['node'])
    expect(order.slice(order.indexOf('USER'))).toEqual(['USER', 'HEALTHCHECK', 'CMD'])
    expect(stepsOf(last, 'RUN')).toEqual([])
  })

  it('starts the same command as `npm start`, on the ports that it exposes', () => {
    const { scripts } = JSON.parse(
      readFileSync(path.join(root, `infra/${name}/package.json`), 'utf8'),
    ) as { scripts: { start: string } }
    const command = execForm(stepsOf(last, 'CMD')[0] ?? '').join(' ')
    expect(scripts.start.endsWith(command)).toBe(true)
    expect(stepsOf(last, 'EXPOSE').join(' ').split(' ')).toEqual(ports)
  })
})

it('keeps everything except build inputs out of the images', () => {
  const out = ['.git', 'node_modules', 'test', 'dist', 'infra/terraform']
  const nested = ['infra/worker/dist/worker.js', 'infra/worker/node_modules/x', 'infra/worker/.env']
  const kept = ['package.json', 'src/contract/index.ts', 'infra/worker/src/start-worker.ts']
  expect([...out, ...nested].filter((file) => !isIgnored(file))).toEqual([])
  expect(kept.filter(isIgnored)).toEqual([])
})

const unfinished = services
  .map(({ name }) => `infra/${name}`)
  .filter((name) => !['build.js', 'src'].every((file) => existsSync(path.join(root, name, file))))
if (unfinished.length > 0) console.warn(`not run: ${unfinished.join(' and ')} is not finished`)

describe.skipIf(unfinished.length > 0)('the images, built and run without Docker', () => {
  const home = tempHome()
  const events = home.at('events.ndjson')
  const started: ChildProcess[] = []
  let worker: Image
  let forwarder: Image

  beforeAll(() => {
    worker = buildImage('infra/worker/Dockerfile', home.at('worker'))
    forwarder = buildImage('infra/udp-forwarder/Dockerfile', home.at('forwarder'))
  }, 120_000)

  afterAll(async () => {
    await Promise.all(started.map(end))
  })

  it('contain only what runs', () => {
    const own = filesOf(worker).filter((name) => !/@duckdb./.test(name))
    expect(own.filter((name) => /\.\w+$|^data$|@duckdb$/.test(name))).toEqual([
      'app/dist/worker.js',
      'app/package.json',
      'app/report/bin/runmat-telemetry-report.js',
      'app/report/dist/report.js',
      'app/report/node_modules/@duckdb',
      'app/report/package.json',
      'data',
    ])
    expect(filesOf(forwarder)).toEqual(['app/dist/forwarder.js', 'app/package.json'])
  })

  it('take an event over HTTP and over UDP and write nowhere else', async () => {
    const before = [filesOf(worker), filesOf(forwarder)]
    const [port, health, udp] = await ownPorts(3)
    const env = { ALLOW_KEYLESS: '1', EVENTS_FILE: events, PORT: String(port) }
    const first = await start(worker, { ...env, HOST: '127.0.0.1' })
    const second = await start(forwarder, {
      ALLOW_KEYLESS: '1',
      UDP_PORT: String(udp),
      HEALTH_PORT: String(health),
      TELEMETRY_HTTP_ENDPOINT: `http://127.0.0.1:${port}/ingest`,
    })

    const posted = await fetch(`http://127.0.0.1:${port}/ingest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(installEvent('install_start')),
    })
    expect(posted.status).toBe(204)
    const socket = dgram.createSocket('udp4')
    socket.send(JSON.stringify(installEvent('install_complete')), udp, '127.0.0.1')
    await eventually(() => {
      const names = readFileSync(events, 'utf8').match(/install_(start|complete)/g)
      expect(new Set(names)).toEqual(new Set(['install_start', 'install_complete']))
    })
    socket.close()

    expect(await Promise.all([end(second), end(first)])).toEqual([0, 0])
    expect([filesOf(worker), filesOf(forwarder)]).toEqual(before)
    // The service has stopped, so the health check fails.
    expect(isHealthy(worker, env)).toBe(false)
  })

  it('answer from what the worker stored, with nothing from outside the image', () => {
    const program = path.join(worker.workdir, 'report/bin/runmat-telemetry-report.js')
    const words = [program, '--from', events, 'installs', '--format', 'json']
    const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      questions: { installs: { rows: [{ started: 1, completed: 1 }] } },
    })
  })

  async function start(image: Image, given: Record<string, string>): Promise<ChildProcess> {
    const [command = '', ...args] = execForm(stepsOf(image.stage, 'CMD')[0] ?? '')
    const env = { ...home.env, ...environmentOf(image.stage), ...given }
    const child = spawn(command, args, {
      cwd: image.workdir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    started.push(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += String(chunk)
      })
    }
    await eventually(() => {
      if (!isHealthy(image, given)) throw new Error(`not healthy; it said: ${said}`)
    })
    return child
  }

  function isHealthy(image: Image, given: Record<string, string>): boolean {
    const [command = '', ...args] = execForm(stepsOf(image.stage, 'HEALTHCHECK')[0] ?? '')
    const env = { ...home.env, ...environmentOf(image.stage), ...given }
    return spawnSync(command, args, { cwd: image.workdir, env }).status === 0
  }
})

function installEvent(label: string): Record<string, string> {
  return {
    event_label: label,
    os: 'linux',
    arch: 'x86_64',
    platform: 'linux-x86_64',
    release: '0.6.1',
    method: 'shell',
    cid: randomUUID(),
  }
}

function filesOf({ folder }: Image): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'app' && name !== 'app/dist')
    .toSorted()
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return child.exitCode
}
