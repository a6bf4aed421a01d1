import { steadyNow } from 'runmat-telemetry-common/clock'
import type { Log } from 'runmat-telemetry-common/log'

import { Counts, sum } from './counts.ts'
import { checkDatagram, flatten } from './datagram.ts'
import { type Destination, openWorkerDestination } from './destination.ts'
import { Forwarder } from './forwarder.ts'
import { serveHealth } from './health.ts'
import { watchKernelDrops } from './kernel-drops.ts'
import { metricsOf, type State } from './metrics.ts'
import { Queue } from './queue.ts'
import { type Family, type Receiver, receive } from './receiver.ts'
import { reportLosses } from './report-losses.ts'
import type { Settings } from './settings.ts'

export interface Service {
  /** Stops receiving, delivers what is left, and keeps nothing that would keep the process alive. */
  readonly stop: () => Promise<void>
}

export async function startService(settings: Settings, log: Log): Promise<Service> {
  const counts = new Counts()
  const queue = new Queue(settings)
  const { concurrency, batchDelayMs } = settings
  const forwarder = new Forwarder({
    queue,
    destination: await openDestination(settings, log),
    counts,
    log,
    concurrency,
    batchDelayMs,
    now: steadyNow,
    random: Math.random,
  })
  const onDatagram = (bytes: Buffer, family: Family): void => {
    counts.received[family] += 1
    const problem = checkDatagram(bytes, settings.maxDatagramBytes)
    if (problem !== undefined) {
      counts.malformed[problem] += 1
      return
    }
    flatten(bytes)
    forwarder.accept(bytes)
  }

  const receiver = await receive(settings.udpPort, settings.receiveBufferBytes, onDatagram)
  const drops = await watchKernelDrops(receiver.port)
  const stateNow = async (): Promise<State> => {
    // Read first, because counting goes on meanwhile and the rest must be from one moment.
    const kernelDrops = await drops.read()
    return {
      counts,
      waiting: { events: queue.events, bytes: queue.bytes },
      inFlight: { events: forwarder.eventsInFlight, posts: forwarder.postsInFlight },
      kernelDrops,
      bufferBytes: receiver.bufferBytes,
      reachesWorker: forwarder.reachesWorker,
    }
  }
  const health = await serveHealth(settings.healthPort, {
    isReady: () => forwarder.reachesWorker,
    metrics: async () => metricsOf(await stateNow()),
  }).catch(async (error: unknown) => {
    await receiver.close()
    throw error
  })
  const losses = reportLosses(stateNow, log)
  log.info('listening', { udp: receiver.port, families: receiver.families, health: health.port })
  warnOfSmallBuffers(receiver, settings, log)

  const stop = async (): Promise<void> => {
    const started = steadyNow()
    log.info('stopping')
    await losses.write()
    // The load balancer must stop sending traffic here.
    health.close()
    await receiver.close()
    const lost = await forwarder.drain(Math.max(0, settings.drainMs - (steadyNow() - started)))
    losses.stop()
    const { forwarded, refused, gaveWay, malformed, received } = counts
    const facts = {
      received: sum(received),
      malformed: sum(malformed),
      forwarded,
      refused,
      gaveWay,
    }
    if (lost > 0) log.error('stopped; the worker did not come back in time', { ...facts, lost })
    else log.info('stopped', facts)
  }
  return { stop }
}

/** A forwarder without a buffer never loads the NATS client. */
async function openDestination(settings: Settings, log: Log): Promise<Destination> {
  if (settings.buffer === undefined) return openWorkerDestination(settings)
  const { openStreamDestination } = await import('./stream-destination.ts')
  return openStreamDestination(settings.buffer, log.info)
}

function warnOfSmallBuffers(receiver: Receiver, settings: Settings, log: Log): void {
  const granted = Math.min(...Object.values(receiver.bufferBytes))
  const asked = settings.receiveBufferBytes
  if (granted >= asked) return
  const hint = `sysctl -w net.core.rmem_max=${asked}`
  log.warn('the kernel grants a smaller receive buffer; bursts may be lost', {
    asked,
    granted,
    hint,
  })
}
