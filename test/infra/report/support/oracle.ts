import type { Meant, World } from './world.ts'

type Row = Readonly<Record<string, string | number | null>>

/** Each event once: the first line of it. */
export function distinct({ events }: World): readonly Meant[] {
  return [...new Map(events.toReversed().map((event) => [event.id, event])).values()]
}

function countBy(rows: readonly (readonly [Row, Readonly<Record<string, number>>])[]): Row[] {
  const sums = new Map<string, Record<string, string | number | null>>()
  for (const [by, counts] of rows) {
    const key = JSON.stringify(by)
    const sum = sums.get(key) ?? { ...by }
    for (const [name, count] of Object.entries(counts)) sum[name] = Number(sum[name] ?? 0) + count
    sums.set(key, sum)
  }
  return [...sums.values()]
}

export function installs(world: World): Row[] {
  interface Install {
    os: string
    arch: string
    release: string
    steps: Set<string>
  }
  const all = new Map<string, Map<string, Install>>()
  for (const event of distinct(world).filter(({ family }) => family === 'install')) {
    const group = `${event.client ?? event.id} ${event.platform}`
    const releases = all.get(group) ?? new Map<string, Install>()
    all.set(group, releases)
    const install = releases.get(event.release) ?? { ...event, steps: new Set() }
    install.steps.add(event.step ?? '')
    releases.set(event.release, install)
  }
  for (const releases of all.values()) {
    const unknown = releases.get('unknown')
    const [only, ...others] = [...releases.values()].filter(({ release }) => release !== 'unknown')
    if (unknown === undefined || only === undefined || others.length > 0) continue
    for (const step of unknown.steps) only.steps.add(step)
    releases.delete('unknown')
  }
  const rows = [...all.values()].flatMap((releases) =>
    [...releases.values()].map(({ os, arch, steps }) => {
      const completed = steps.has('complete')
      const failed = !completed && steps.has('failed')
      return [
        { os, arch },
        {
          started: Number(steps.has('start')),
          completed: Number(completed),
          failed: Number(failed),
          open: Number(!completed && !failed),
        },
      ] as const
    }),
  )
  return countBy(rows)
}

export function active(world: World, byDay: boolean): Row[] {
  const rows = distinct(world)
    .filter(({ family }) => family === 'finished')
    .map(
      (event) =>
        [
          byDay ? { day: event.day ?? 'unknown' } : {},
          {
            finished: 1,
            jit_enabled: Number(event.jit?.[0]),
            jit_used: Number(event.jit?.[1]),
            accelerate_enabled: Number(event.accelerate),
            gpu_used: Number((event.dispatches ?? 0) > 0),
          },
        ] as const,
    )
  const none = { finished: 0, jit_enabled: 0, jit_used: 0, accelerate_enabled: 0, gpu_used: 0 }
  return rows.length === 0 && !byDay ? [none] : countBy(rows)
}

export function failures(world: World): Row[] {
  const groups = new Map<string, { by: Row; runs: number; clients: Set<string> }>()
  for (const event of distinct(world)) {
    if (event.family !== 'finished' || event.success !== false) continue
    const { stage = 'unknown', code = 'unknown', component = 'unknown' } = event
    const known: Readonly<Record<string, string>> = {
      parser: 'parser',
      hir: 'compiler',
      compile: 'compiler',
      runtime: 'runtime',
    }
    const area = code.includes('Gpu')
      ? 'gpu'
      : code.includes('Fusion')
        ? 'fusion'
        : (known[stage] ?? 'other')
    const by = { area, stage, code, component }
    const group = groups.get(JSON.stringify(by)) ?? { by, runs: 0, clients: new Set() }
    group.runs += 1
    if (event.client !== undefined) group.clients.add(event.client)
    groups.set(JSON.stringify(by), group)
  }
  return [...groups.values()].map(({ by, runs, clients }) => ({
    ...by,
    runs,
    installs: clients.size,
  }))
}

export function unfinished(world: World): Row[] {
  const events = distinct(world)
  const of = (family: string) =>
    new Set(events.filter((event) => event.family === family).map(({ session }) => session))
  const begun = of('started')
  const ended = of('finished')
  const finished = [...begun].filter((session) => ended.has(session)).length
  return [{ started: begun.size, finished, unfinished: begun.size - finished }]
}

export function usage(world: World): Row[] {
  const last = new Map<string, Meant>()
  const packed = ({ counts = {} }: Meant) =>
    [
      counts['run'] ? `subcommand run ${counts['run']}` : '',
      counts['jit'] ? `engine jit ${counts['jit']}` : '',
    ]
      .filter(Boolean)
      .join('|')
  const rank = (event: Meant) => `${event.sequence} ${event.day} ${packed(event)}`
  for (const event of distinct(world).filter(({ family }) => family === 'usage')) {
    const who = event.client ?? event.id
    const before = last.get(who)
    if (before === undefined || rank(event) > rank(before)) last.set(who, event)
  }
  return countBy(
    [...last.values()].flatMap(({ counts = {} }) =>
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(
          ([name, count]) =>
            [
              { group: name === 'run' ? 'subcommand' : 'engine', name },
              { count, installs: 1 },
            ] as const,
        ),
    ),
  )
}

export function versions(world: World): Row[] {
  const groups = groupBy(distinct(world), ({ release }) => release)
  return [...groups].map(([release, events]) => {
    const days = events.flatMap(({ day }) => day ?? [])
    return {
      release,
      clients: new Set(events.flatMap(({ client }) => client ?? [])).size,
      runs: events.filter(({ family }) => family === 'finished').length,
      installs: events.filter(({ step }) => step === 'complete').length,
      first: days.toSorted()[0] ?? 'unknown',
      last: days.toSorted().at(-1) ?? 'unknown',
    }
  })
}

export function lost(world: World): number {
  const events = distinct(world).filter(({ family }) => family === 'usage')
  const groups = groupBy(events, ({ client, id }) => client ?? id)
  let missing = 0
  for (const group of groups.values()) {
    const numbers = new Set(group.map(({ sequence }) => sequence ?? 0))
    missing += Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.size
  }
  return missing
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
