import {
  buildWorker,
  cpuOf,
  event,
  memoryOf,
  pause,
  residentOf,
  runProgram,
  startNats,
  startWorker,
} from './support/buffer.js'
import { median, ratio } from './support/numbers.js'
import { startServer } from './support/process.js'
import { inTurns } from './support/rounds.js'

const connections = 128
const mebibyte = 1024 * 1024
const maxBytes = String(4 * 1024 * mebibyte)

/** Receiving into a stream of one server, against receiving directly into the sink. */
export async function buffer(stage, { quick }) {
  const program = buildWorker(stage)
  const posthog = await startServer(stage.program('posthog.js'), process.env)
  const nats = await startNats(stage)
  const sink = { POSTHOG_API_KEY: 'key', POSTHOG_HOST: posthog.url }
  const buffered = { BUFFER_URL: nats.url, BUFFER_MAX_BYTES: maxBytes }
  const deliver = () => startWorker(program, { ROLE: 'deliver', ...buffered, ...sink })
  const ingest = () => startWorker(program, { ROLE: 'ingest', ...buffered })
  // The sink has a consumer in the stream, so what is received stays there.
  const first = await deliver()
  await first.ready()
  await first.stop()
  try {
    return [
      ...(await receiving(stage, quick, () => startWorker(program, sink), ingest)),
      ...(await scaling(stage, quick, ingest, nats)),
      ...(await delivering(stage, quick, { nats, deliver })),
    ]
  } finally {
    await nats.stop()
    posthog.stop()
  }
}

async function receiving(stage, quick, direct, ingest) {
  const measure = async (start) => {
    const worker = await start()
    await worker.ready()
    const before = cpuOf(worker.pid)
    const seen = await swarm(stage, quick, [worker.port])
    const cpu = cpuOf(worker.pid) - before
    await worker.stop()
    return { ...seen, cpu: (cpu * 1000) / seen.count }
  }
  const figures = await inTurns(quick ? 2 : 5, {
    direct: () => measure(direct),
    buffered: () => measure(ingest),
  })
  const rates = (name) => figures[name].map(({ rate }) => rate)
  const speed = ratio(rates('buffered'), rates('direct'))
  const others = [...figures.direct, ...figures.buffered].some((one) => one.others > 0)
  const cpu = (name) => median(figures[name].map((one) => one.cpu)).toFixed(0)
  return [
    {
      what: `receive into a stream of one server, ${connections} connections`,
      median: median(rates('buffered')),
      unit: '/s',
      beside: `straight into the sink: ${median(rates('direct')).toFixed(0)} /s`,
      ratio: speed,
      limit: '0.5 ×',
      holds: speed >= 0.5 && !others,
    },
    {
      what: 'the same, from request to answer',
      median: median(figures.buffered.map(({ p50 }) => p50)),
      p99: median(figures.buffered.map(({ p99 }) => p99)),
      beside: `straight: ${median(figures.direct.map(({ p99 }) => p99)).toFixed(1)} ms (p99)`,
    },
    {
      what: 'the same, processor time of the worker for an event',
      beside: `${cpu('buffered')} µs; straight: ${cpu('direct')} µs`,
    },
  ]
}

async function scaling(stage, quick, ingest, nats) {
  const rows = []
  for (const count of [1, 2, 4]) {
    const workers = await Promise.all(Array.from({ length: count }, ingest))
    await Promise.all(workers.map((worker) => worker.ready()))
    const before = [workers.reduce((sum, { pid }) => sum + cpuOf(pid), 0), cpuOf(nats.pid)]
    const seen = await swarm(
      stage,
      quick,
      workers.map(({ port }) => port),
    )
    const after = [workers.reduce((sum, { pid }) => sum + cpuOf(pid), 0), cpuOf(nats.pid)]
    const [own, server] = after.map((value, index) => ((value - before[index]) * 1000) / seen.count)
    await Promise.all(workers.map((worker) => worker.stop()))
    rows.push({
      what: `receive with ${count} process${count > 1 ? 'es' : ''}, one server`,
      median: seen.rate,
      unit: '/s',
      beside: `for an event: ${own.toFixed(0)} µs of the processes, ${server.toFixed(0)} µs of the server; p99 ${seen.p99.toFixed(0)} ms`,
    })
  }
  return rows
}

async function swarm(stage, quick, ports) {
  const ms = quick ? 2000 : 5000
  const args = [event, connections, ms, ...ports]
  const seen = await runProgram(stage.program('swarm.js'), args)
  return { ...seen, count: (seen.rate * ms) / 1000 }
}

/** Fills the stream without the worker, then one process delivers everything to the sink. */
async function delivering(stage, quick, { nats, deliver }) {
  const idle = await drainOnce(stage, { nats, deliver }, 1)
  const many = await drainOnce(stage, { nats, deliver }, quick ? 100_000 : 1_000_000)
  const grown = (many.late - many.early) / mebibyte
  return [
    {
      what: `deliver ${many.count} events that wait, one process`,
      median: many.rate,
      unit: '/s',
      beside: `${many.cpu.toFixed(0)} µs of its processor for an event`,
      limit: '20,000 /s',
      holds: many.rate >= 20_000,
    },
    {
      what: 'the same, if it had the processor to itself',
      median: 1e6 / many.cpu,
      unit: '/s',
      limit: '20,000 /s',
      holds: 1e6 / many.cpu >= 20_000,
    },
    {
      what: `its memory while the first of ${many.count} go`,
      median: many.early / mebibyte,
      unit: 'MB',
      beside: `while the last go: ${(many.late / mebibyte).toFixed(0)} MB; at most ever ${(many.memory / mebibyte).toFixed(0)} MB`,
      limit: 'as much, within 32 MB',
      holds: Math.abs(grown) <= 32,
    },
    {
      what: `memory of the server, which knows ${many.count} identities`,
      median: many.server / mebibyte,
      unit: 'MB',
      beside: `with 1: ${(idle.server / mebibyte).toFixed(0)} MB`,
    },
  ]
}

async function drainOnce(stage, { nats, deliver }, count) {
  const settle = await deliver()
  await settle.ready()
  await emptied(settle)
  await settle.stop()
  await runProgram(stage.program('fill.js'), [nats.url, count, event])
  const server = residentOf(nats.pid)
  const worker = await deliver()
  const start = performance.now()
  await worker.ready()
  const early = []
  const late = []
  const cpu = await emptied(worker, (waiting) => {
    const samples = waiting > count / 2 ? early : late
    samples.push(residentOf(worker.pid))
  })
  const took = performance.now() - start
  const used = {
    early: median(early),
    late: median(late),
    memory: memoryOf(worker.pid),
    server,
    cpu: (cpu * 1000) / count,
  }
  await worker.stop()
  return { ...used, count, rate: (count * 1000) / took }
}

/** Settles when nothing is waiting, with the processor time that it took. */
async function emptied(worker, look = () => undefined) {
  for (;;) {
    const cpu = cpuOf(worker.pid)
    const waiting = await worker.figure('buffer_events')
    if (waiting === 0) return cpu
    if (waiting > 0) look(waiting)
    await pause(50)
  }
}
