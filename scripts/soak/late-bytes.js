// Opts out again and again while hosts and uploaders are sending over slow connections, and counts the
// event bytes that arrive after that: `late-bytes.js <rounds> <written by hand> [longest delay in ms]`.
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

import { generate } from 'selfsigned'

const [rounds = 20, byHand = 5, longestMs = 5000] = process.argv.slice(2).map(Number)
const atOnce = 5
const root = path.resolve(import.meta.dirname, '../..')
const name = 'collector.test'

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
let begun = 0
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (begun < rounds + byHand) {
      begun += 1
      const seen = await round(begun > rounds)
      totals.rounds += 1
      for (const [key, value] of Object.entries(seen)) totals[key] += value
    }
  }),
)
rmSync(folder, { recursive: true, force: true })
console.log(JSON.stringify(totals))
process.exit(totals.late + totals.lateDatagrams === 0 ? 0 : 1)

/** One home, one host with runs, one uploader, one opt-out at a random moment. */
async function round(isByHand) {
  const seen = { arrived: 0, datagrams: 0, waiting: 0, unsure: 0, late: 0, lateDatagrams: 0 }
  let isOver = false
  const collector = await startCollector(() => (seen[isOver ? 'late' : 'arrived'] += 1))
  const slow = await startRelay(collector.port, random(longestMs))
  const proxy = await startProxy(slow.port, random(longestMs))
  const udp = dgram.createSocket('udp4')
  udp.on('message', () => (seen[isOver ? 'lateDatagrams' : 'datagrams'] += 1))
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
  const start = (...args) =>
    spawn(process.execPath, args, { env, cwd: home, stdio: ['ignore', 'pipe', 'ignore'] })
  const host = path.join(import.meta.dirname, 'busy-host.js')
  // The first shows the notice and leaves a queue, the next two send.
  await once(start(host, '1', 'shown'), 'exit')
  const hosts = [start(host, '1000'), start(host, '1')]
  await Promise.all(hosts.map((one) => once(one.stdout, 'data')))
  await pause(random(longestMs * 1.5))
  seen.waiting += slow.open() + proxy.open() > 0 ? 1 : 0
  if (isByHand) {
    writeFileSync(settings, '[runtime.telemetry]\nenabled = false\n')
    // A sender with a marker sees it at its next check.
    await pause(100)
  } else {
    const disable = start(path.join(root, 'bin/runmat-telemetry.js'), 'disable')
    const [code] = await once(disable, 'exit')
    seen.unsure += code === 0 ? 0 : 1
  }
  // Bytes in the kernel by now were sent before. Read all of them.
  for (let turn = 0; turn < 50; turn += 1) await nextTurn()
  isOver = true
  await pause(longestMs + 1500)
  for (const one of hosts) one.kill('SIGKILL')
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
