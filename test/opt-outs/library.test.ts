import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Place } from '../programs/judge.ts'
import { library } from '../faults/stage.ts'
import { udpSink } from '../runs/stage.ts'
import { type Collector, startCollector } from '../support/collector.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { run } from '../support/run.ts'
import type { OptOutCase } from './cases.ts'
import { casesOf, layOut } from './stage.ts'

interface NumberedCase extends OptOutCase {
  /** The version of its host, by which its events are known. */
  readonly version: string
}

interface Host {
  readonly home: Home
  readonly env: Readonly<Record<string, string>>
  readonly place: Omit<Place, 'env'>
}

const cases: readonly NumberedCase[] = casesOf('library').map((one, index) => ({
  ...one,
  version: `1.${index}.0`,
}))

describe('the library', () => {
  let collector: Collector
  let sink: Awaited<ReturnType<typeof udpSink>>
  let together: Promise<ReadonlyMap<string, Home>>

  const openHost = (one: NumberedCase): Host => {
    const home = tempHome()
    const { env, cwd, systemHome } = layOut(home, one)
    // What is left of an earlier yes.
    fillQueue(home, 1)
    const endpoint = new URL(one.version, collector.url).href
    return {
      home,
      env: { ...home.env, ...env },
      place: { cwd, systemHome, endpoint, udpEndpoint: sink.address, version: one.version },
    }
  }
  const runHosts = async (home: Home, places: readonly Place[], env: Host['env'] = {}) => {
    const input = places.map((place) => `${JSON.stringify(place)}\n`).join('')
    const ended = await run(process.execPath, [program('judge'), library], home, { env, input })
    expect(ended).toEqual({ code: 0, signal: null, out: '', err: '' })
  }
  // A host has its variables from its start, and looks at some of them only then.
  const runAlone = async (one: NumberedCase): Promise<Home> => {
    const { home, env, place } = openHost(one)
    await runHosts(home, [{ ...place, env: {} }], env)
    return home
  }
  // Where there are none, one process is a host in all places: starting one takes longest.
  const runTogether = async (): Promise<ReadonlyMap<string, Home>> => {
    const hosts = cases.filter(({ env }) => env === undefined).map(openHost)
    const places = hosts.map(({ home, place }) => {
      return { ...place, env: { HOME: home.path, XDG_CACHE_HOME: home.at('.cache') } }
    })
    await runHosts(tempHome(), places)
    return new Map(hosts.map(({ home, place }) => [place.version, home]))
  }

  beforeAll(async () => {
    collector = await startCollector()
    sink = await udpSink()
    together = runTogether()
    await together
  })
  afterAll(() => collector.stop())

  it.concurrent.each(cases)('comes to the verdict of $name: $expect', async (one) => {
    const home = one.env ? await runAlone(one) : (await together).get(one.version)
    if (home === undefined) throw new Error('there is no such host')
    await nothingRuns(home)
    const posts = collector.events.filter(({ path }) => path.endsWith(`/${one.version}`))
    const datagrams = sink.received.filter((text) => text.includes(`"${one.version}"`))
    const left = {
      posts: new Set(posts.map(({ json }) => labelOf(json))),
      queued: Object.keys(queueContent(home)).length,
      hasId: home.has(home.clientId),
    }
    const nothing = { posts: new Set(), queued: 1, hasId: false }
    expect(left).toEqual(one.expect === 'on' ? everything : nothing)
    if (one.expect === 'off') expect(datagrams).toEqual([])
  })

  it('sends datagrams, too, where nothing is said', () => {
    const [{ version } = { version: '' }] = cases
    const datagrams = sink.received.filter((text) => text.includes(`"${version}"`))
    expect(datagrams).toHaveLength(2)
  })
})

/** Of the host, and what waited before. */
const everything = {
  posts: new Set([
    'first_seen_for_install_id',
    'first_seen_for_version',
    'first_successful_run',
    'runtime.run.started',
    'runtime.run.finished',
  ]),
  queued: 0,
  hasId: true,
}

function labelOf(event: unknown): string | undefined {
  const { trigger, event_label: label } = event as { trigger?: string; event_label?: string }
  return trigger ?? label
}
