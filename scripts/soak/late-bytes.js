// Opts out again and again while hosts and uploaders are sending over slow connections, or changes the
// address, and counts the event bytes that arrive at the old one after that: `late-bytes.js [--disable N]
// [--endpoint N] [--off-by-hand N] [--address-by-hand N] [--longest MS]`. `unsure` are commands that could
// not tell, and said so.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import dgram from 'node:dgram'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { generate } from 'selfsigned'

const count = (byDefault) => ({ type: 'string', default: String(byDefault) })
const { values } = parseArgs({
  options: {
    disable: count(20),
    endpoint: count(5),
    'off-by-hand': count(5),
    'address-by-hand': count(5),
    longest: count(5000),
  },
})
const { longest, ...rounds } = values
const longestMs = Number(longest)
const plan = Object.entries(rounds).flatMap(([way, times]) => Array(Number(times)).fill(way))
const atOnce = 5
const root = path.resolve(import.meta.dirname, '../..')
const cli = path.join(root, 'bin/runmat-telemetry.js')
const name = 'collector.test'
// Nobody listens there, so that what goes there is seen nowhere.
const elsewhere = 'http://127.0.0.1:9/v1/t'
const commands = { disable: ['disable'], endpoint: ['endpoint', elsewhere, '--keep-queue'] }
const byHand = {
  'off-by-hand': 'enabled = false',
  'address-by-hand': `http_endpoint = "${elsewhere}"\nudp_endpoint = ""`,
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'late-bytes-'))
const certificate = await makeCertificate()
const totals = {
  rounds: 0,
  arrived: 0,
  datagrams: 0,
  waiting: 0,
  unsure: 0,
  late: 0,
  lateDatagrams: 0,
}
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let way = plan.pop(); way !== undefined; way = plan.pop()) {
      const seen = await round(way)
      totals.rounds += 1
      for (const [key, value] of Object.entries(seen)) totals[key] += value
      if (seen.late + seen.lateDatagrams > 0) console.log(JSON.stringify({ way, ...seen }))
    }
  }),
)
rmSync(folder, { recursive: true, force: true })
console.log(JSON.stringify(totals))
process.exit(totals.late + totals.lateDatagrams === 0 ? 0 : 1)

/**
 * One home, one host with runs, one uploader, which a host, `record` or a person's `upload` has started,
 * and one change at a random moment.
 */
async function round(way) {
  const seen = { arrived: 0, datagrams: 0, waiting: 0, unsure: 0, late: 0, lateDatagrams: 0 }
  let isOver = false
  let isSure = true
  const collector = await startCollector(() => (seen[isOver ? 'late' : 'arrived'] += 1))
  const slow = await startRelay(collector.port, random(longestMs))
  const proxy = await startProxy(slow.port, random(longestMs))
  const udp = dgram.createSocket('udp4')
  // The command changes the address of HTTP only.
  const isUdpOver = () => isOver && way !== 'endpoint'
  udp.on('message', () => (seen[isUdpOver() ? 'lateDatagrams' : 'datagrams'] += 1))
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')

  const home = mkdtempSync(path.join(folder, 'home-'))
  const settings = path.join(home, '.config/runmat/config.toml')
  mkdirSync(path.dirname(settings), { recursive: true })
  writeFileSync(
    settings,
    `[runtime.telemetry]\nhttp_endpoint = "https://${name}:${slow.port}/v1/t"\n` +
      `udp_endpoint = "${name}:${udp.address().port}"\ndrain_timeout_ms = 5000\n` +
      `sync_mode = ${Math.random() < 0.2}\n`,
  )
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    USERPROFILE: home,
    RUNMAT_TELEMETRY_KEY: 'key',
    NODE_EXTRA_CA_CERTS: certificate.caFile,
    NODE_OPTIONS: `--require=${path.join(import.meta.dirname, 'slow-names.cjs')}`,
    SLOW_NAME: name,
    SLOW_NAME_MS: String(random(longestMs)),
    ...(Math.random() < 0.4 && { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }),
  }
  const start = (...args) => {
    const child = spawn(process.execPath, args, {
      env,
      cwd: home,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdin.on('error', () => undefined).end('{"subcommand":"run"}')
    return child
  }
  const host = path.join(import.meta.dirname, 'busy-host.js')
  // The first shows the notice and leaves a queue, the next two send.
  await once(start(host, '1', 'shown'), 'exit')
  const senders = [
    [host, '1'],
    [cli, 'upload'],
    [cli, 'record', 'usage', '--notice-shown', '--json'],
  ]
  const [busy, ...others] = [start(host, '1000'), start(...senders[random(senders.length - 1)])]
  // `upload` says nothing before its end.
  await once(busy.stdout, 'data')
  await pause(random(longestMs * 1.5))
  seen.waiting += slow.open() + proxy.open() > 0 ? 1 : 0
  if (way in byHand) {
    writeFileSync(settings, `[runtime.telemetry]\n${byHand[way]}\n`)
    // A sender with a marker sees it at its next check.
    await pause(100)
  } else {
    const change = start(cli, ...commands[way])
    const [code] = await once(change, 'exit')
    isSure = code === 0
    seen.unsure += isSure ? 0 : 1
  }
  // Bytes in the kernel by now were sent before. Read all of them.
  for (let turn = 0; turn < 50; turn += 1) await nextTurn()
  // A command that ends with 1 has said that something may still be sent.
  isOver = isSure
  await pause(longestMs + 1500)
  for (const one of [busy, ...others]) one.kill('SIGKILL')
  for (const one of [collector, slow, proxy]) one.stop()
  udp.close()
  return seen
}

function random(most) {
  return Math.round(Math.random() * most)
}

async function makeCertificate() {
  const elliptic = { keyType: 'ec', algorithm: 'sha256' }
  const authority = await generate([{ name: 'commonName', value: 'Authority' }], {
    ...elliptic,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  })
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    ...elliptic,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  })
  const caFile = path.join(folder, 'ca.pem')
  writeFileSync(caFile, authority.cert)
  return { key, cert, caFile }
}

/** Calls back for each piece of a request, without the bytes of the TLS handshake. */
async function startCollector(onBytes) {
  const server = https.createServer({ key: certificate.key, cert: certificate.cert })
  server.on('secureConnection', (socket) => socket.on('data', onBytes))
  server.on('request', (request, response) => {
    request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), random(300)))
    request.on('error', () => undefined)
  })
  return await listening(server)
}

/** Delays the collector's first bytes, and so the handshake. */
async function startRelay(port, delayMs) {
  const server = net.createServer((client) => {
    const far = net.connect(port, '127.0.0.1')
    for (const one of [client, far]) one.on('error', () => undefined)
    client.pipe(far)
    setTimeout(() => far.pipe(client), delayMs)
    client.on('close', () => far.destroy())
    far.on('close', () => client.destroy())
  })
  return await listening(server)
}

async function startProxy(port, delayMs) {
  const server = http.createServer()
  server.on('connect', (_, client) => {
    const far = net.connect(port, '127.0.0.1')
    for (const one of [client, far]) one.on('error', () => undefined)
    setTimeout(() => {
      if (client.destroyed) return
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(far).pipe(client)
    }, delayMs)
    client.on('close', () => far.destroy())
    far.on('close', () => client.destroy())
  })
  return await listening(server)
}

async function listening(server) {
  const sockets = new Set()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    open: () => sockets.size,
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
