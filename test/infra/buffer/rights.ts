import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

import { connect, type NatsConnection } from '@nats-io/transport-node'
import { beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../../support/eventually.ts'
import { tempHome } from '../../support/home.ts'
import { ownPorts } from '../../support/ports.ts'
import { root } from '../../support/run.ts'
import { makeCertificates } from '../../support/tls.ts'
import { finished, uuidOf } from '../worker/support/events.ts'
import { startPostHog } from '../worker/support/posthog.ts'
import { buildWorker } from '../worker/support/process.ts'
import { later } from '../worker/support/stage.ts'
import { areTombstones, bytesIn } from './support/bytes.ts'
import { postTo } from './support/load.ts'
import { hasNats, serverOf } from './support/nats.ts'
import { allArrive, figuresOf, fleetOf, isReady, untilReady } from './support/workers.ts'

const passwords = {
  BUFFER_INGEST_PASSWORD: 'of-those-that-receive',
  BUFFER_DELIVER_PASSWORD: 'of-those-that-deliver',
  BUFFER_OPERATE_PASSWORD: 'of-a-person',
  BUFFER_ROUTE_PASSWORD: 'of-the-servers',
}

let program = ''
beforeAll(() => {
  program = buildWorker()
})

/** Three servers with the operators' own nats.conf, over TLS, each on its own port. */
async function startSecured() {
  const home = tempHome()
  const certificates = await makeCertificates()
  later(() => certificates.remove())
  const [a = 0, b = 0, c = 0, ...routes] = await ownPorts(6)
  const conf = readFileSync(path.join(root, 'infra/nats/nats.conf'), 'utf8')
  const at = (name: string, content: string) => home.write(name, content)
  const key = at('key.pem', certificates.key)
  const cert = at('cert.pem', certificates.cert)
  at(
    'tls.conf',
    `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${certificates.caFile}" }`,
  )
  const list = routes.map((port) => `"nats://route:of-the-servers@127.0.0.1:${port}"`).join(', ')
  const servers = [a, b, c].map((port, index) => {
    const text = conf
      .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
      .replace('0.0.0.0:6222', `127.0.0.1:${routes[index]}`)
      .replace('127.0.0.1:8222', '127.0.0.1:-1')
    return serverOf(at(`nats-${index}.conf`, text), `tls://127.0.0.1:${port}`, port, {
      ...passwords,
      BUFFER_SERVER: `nats-${index}`,
      BUFFER_STORE: home.at(`store-${index}`),
      BUFFER_STORE_BYTES: String(1024 ** 3),
      BUFFER_ROUTES: `[${list}]`,
    })
  })
  await Promise.all(servers.map((server) => server.start()))
  const url = servers.map((server) => server.url).join(',')
  return {
    url,
    certificates,
    stores: servers.map((_server, index) => home.at(`store-${index}`)),
    credentials: (user: string, password: string) => ({
      BUFFER_CREDS_FILE: at(`${user}-${password}`, `${user}:${password}\n`),
      BUFFER_CA_FILE: certificates.caFile,
    }),
    connect: async (user: string, pass: string): Promise<NatsConnection> => {
      const made = await connect({
        servers: [url.split(',')[0]?.replace('tls://', '') ?? ''],
        user,
        pass,
        tls: { ca: certificates.ca },
        inboxPrefix: `_INBOX.${user}`,
      })
      later(() => made.close())
      return made
    },
  }
}

describe.skipIf(!hasNats).concurrent('the servers with infra/nats/nats.conf', () => {
  it('allow each client only what it needs, over TLS', async () => {
    const poison = finished()
    const posthog = await startPostHog((batch) =>
      batch.some(({ uuid }) => uuid === uuidOf(poison)) ? 400 : 200,
    )
    later(() => posthog.stop())
    const secured = await startSecured()
    const { credentials, url } = secured
    const fleet = fleetOf(program, url, posthog)
    const mine = credentials('ingest', passwords.BUFFER_INGEST_PASSWORD)
    const theirs = credentials('deliver', passwords.BUFFER_DELIVER_PASSWORD)
    const [ingest, deliver, stranger] = await Promise.all([
      fleet.ingest(mine),
      fleet.deliver(theirs),
      fleet.ingest(credentials('ingest', 'a-guess')),
    ])
    await untilReady(ingest, deliver)
    const [good, cid] = [finished(), randomUUID()]
    // A tombstone is written by one, and read by both before they take or deliver anything.
    const erase = JSON.stringify({ event_label: 'telemetry.erase', uuid: randomUUID(), cid })
    for (const bytes of [erase, finished({ cid }), good, poison]) {
      expect(await postTo(ingest.url, bytes)).toMatchObject({ status: 204 })
    }
    await allArrive(posthog, new Set([uuidOf(good)]))
    await eventually(async () =>
      expect(await figuresOf(deliver)).toMatchObject({ 'buffer_dead_letters{sink="posthog"}': 1 }),
    )
    expect(await figuresOf(ingest)).toMatchObject({ buffer_up: 1, buffer_events: 0 })
    expect(JSON.stringify(posthog.stored)).not.toContain(cid)

    // The operator has separate rights.
    posthog.script(200)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [program, 'dead-letters', 'replay'],
      {
        env: {
          ...tempHome().env,
          BUFFER_URL: url,
          ...credentials('operate', passwords.BUFFER_OPERATE_PASSWORD),
        },
      },
    )
    expect(JSON.parse(stdout)).toEqual({ replayed: 1, kept: 0 })
    await allArrive(posthog, new Set([uuidOf(poison)]))

    // A client that leaves: nothing of it is on any server's disk, nor of what was replayed.
    const gone = randomUUID()
    const early = finished({ cid: gone })
    expect(await postTo(ingest.url, early)).toMatchObject({ status: 204 })
    await allArrive(posthog, new Set([uuidOf(early)]))
    const leave = { event_label: 'telemetry.erase', uuid: randomUUID(), cid: gone }
    expect(await postTo(ingest.url, JSON.stringify(leave))).toMatchObject({ status: 204 })
    const words = [gone, uuidOf(early), uuidOf(poison)]
    const found = () =>
      bytesIn(secured.stores)
        .filter(([file, bytes]) => !areTombstones(file, bytes))
        .filter(([, bytes]) => words.some((word) => bytes.includes(word)))
        .map(([file]) => file)
    expect(found()).not.toEqual([])
    await deliver.stop()
    const next = await fleet.deliver(theirs)
    await eventually(() => expect(found()).toEqual([]))
    expect(next.said()).not.toContain('not erased yet')

    await eventually(async () =>
      expect(await isReady(stranger)).toContain('the credentials are refused'),
    )
    const said = [ingest, deliver, next, stranger].map((worker) => worker.said()).join()
    for (const secret of [...Object.values(passwords), 'a-guess'])
      expect(said).not.toContain(secret)

    const denied = async (user: string, pass: string, subject: string) => {
      const connection = await secured.connect(user, pass)
      await expect(connection.request(subject, '{}', { timeout: 2000 })).rejects.toThrow(
        /permission/i,
      )
    }
    const { BUFFER_INGEST_PASSWORD: i, BUFFER_DELIVER_PASSWORD: d } = passwords
    await denied('deliver', d, 'telemetry.events')
    await denied('deliver', d, 'telemetry.again.posthog')
    await denied('deliver', d, '$JS.API.STREAM.PURGE.telemetry')
    await denied('deliver', d, '$JS.API.STREAM.DELETE.telemetry')
    await denied('ingest', i, '$JS.API.CONSUMER.MSG.NEXT.telemetry.posthog')
    await denied('ingest', i, '$JS.API.STREAM.MSG.GET.telemetry')
    await denied('operate', passwords.BUFFER_OPERATE_PASSWORD, 'telemetry.events')
    await denied('operate', passwords.BUFFER_OPERATE_PASSWORD, '$JS.API.STREAM.PURGE.telemetry')
    await denied('operate', passwords.BUFFER_OPERATE_PASSWORD, '$JS.API.STREAM.DELETE.telemetry')

    // What infra/README.md has an operator do: change the limits, and remove the consumer of a sink.
    const operator = await secured.connect('operate', passwords.BUFFER_OPERATE_PASSWORD)
    const ask = async (subject: string, body: object = {}) => {
      const answer = await operator.request(`$JS.API.${subject}`, JSON.stringify(body), {
        timeout: 5000,
      })
      return answer.json<{ readonly config?: object; readonly error?: { readonly code: number } }>()
    }
    const bounds = { max_bytes: 64 * 1024 * 1024 }
    for (const stream of ['telemetry', 'telemetry-dead', 'telemetry-erased']) {
      const { config } = await ask(`STREAM.INFO.${stream}`)
      expect(await ask(`STREAM.UPDATE.${stream}`, { ...config, ...bounds })).toMatchObject({
        config: bounds,
      })
    }
    expect(await ask('CONSUMER.INFO.telemetry.ga4')).toMatchObject({ error: { code: 404 } })
    expect(await ask('CONSUMER.DELETE.telemetry.ga4')).toMatchObject({ error: { code: 404 } })
  }, 120_000)
})
