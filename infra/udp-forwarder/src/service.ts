import { Counts, sum } from './counts.ts'
import { flatten, judge } from './datagram.ts'
import { Forwarder } from './forwarder.ts'
import { makeBufferPoster } from './buffer-post.ts'
import { serveHealth } from './health.ts'
import { watchKernelDrops } from './kernel-drops.ts'
import type { Log } from './log.ts'
import { metricsOf } from './metrics.ts'
import { makePoster } from './post.ts'
import { Queue } from './queue.ts'
import { type Family, type Receiver, receive } from './receiver.ts'
import type { Settings } from './settings.ts'
import type { State } from './state.ts'
import { watch } from './watch.ts'

export interface Service {
  /** Stops receiving, delivers what it has, and leaves nothing that keeps the process running. */
  readonly stop: () => Promise<void>
}

/** The wall clock, but it never jumps. */
const now = (): number => performance.timeOrigin + performance.now()

export async function startService(settings: Settings, log: Log): Promise<Service> {
  const counts = new Counts()
  const queue = new Queue(settings)
  const { concurrency, batchDelayMs, postTimeoutMs: timeoutMs } = settings
  const poster =
    settings.buffer === undefined
      ? makePoster({ ...settings, timeoutMs })
      : await makeBufferPoster(settings.buffer, log.info)
  const forwarder = new Forwarder({
    queue,
    poster,
    counts,
    log,
    concurrency,
    batchDelayMs,
    now,
    random: Math.random,
  })
  const onDatagram = (bytes: Buffer, family: Family): void => {
    counts.received[family] += 1
    const problem = judge(bytes, settings.maxDatagramBytes)
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
    // All else is of one moment: what is counted goes on while this is read.
    const kernelDrops = await drops.read()
    return {
      counts,
      waiting: { events: queue.events, bytes: queue.bytes },
      underWay: { events: forwarder.eventsUnderWay, posts: forwarder.postsUnderWay },
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
  const watching = watch(stateNow, log)
  log.info('listening', { udp: receiver.port, families: receiver.families, health: health.port })
  warnOfSmallBuffers(receiver, settings, log)

  const stop = async (): Promise<void> => {
    const started = now()
    log.info('stopping')
    await watching.look()
    // The load balancer is to send nobody here any more.
    health.close()
    await receiver.close()
    const lost = await forwarder.drain(Math.max(0, settings.drainMs - (now() - started)))
    watching.stop()
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
