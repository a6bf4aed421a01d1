import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { fillQueue, makeEvents } from './support/events.js'
import { node, startServer } from './support/process.js'
import { pointTo } from './support/uploader.js'

/** Traced as well, to tell the processes apart. */
const family = ['clone', 'clone3', 'fork', 'vfork', 'execve']

/** Does a host that records and starts an uploader make any network system call? */
export async function noNetwork(stage) {
  const what = 'network system calls of a host that records'
  if (spawnSync('strace', ['-V']).status !== 0) return [{ what, beside: 'no strace here' }]
  const collector = await startServer(stage.program('collector.js'), process.env)
  try {
    const home = stage.home()
    pointTo(home, collector.url)
    node([stage.program('host-with.js')], home)
    fillQueue(home.queue, makeEvents(stage.internals, 10))
    const { host, uploader } = trace(stage, home)
    return [
      {
        what,
        median: host,
        unit: '',
        beside: `its detached uploader: ${uploader}`,
        limit: '0',
        // If no call of the uploader is seen either, the trace does not work.
        holds: host === 0 && uploader > 0,
      },
    ]
  } finally {
    collector.stop()
  }
}

function trace(stage, home) {
  const folder = path.join(home.cwd, 'trace')
  mkdirSync(folder)
  const options = ['-ff', '-s', '9999', '-o', path.join(folder, 'calls')]
  const host = [process.execPath, stage.program('host-with.js')]
  const { env, cwd } = home
  // Our pipes would be sockets, which Node inspects when it starts.
  const { status } = spawnSync(
    'strace',
    [...options, '-e', `trace=network,${family.join()}`, ...host],
    {
      env,
      cwd,
      stdio: 'ignore',
    },
  )
  if (status !== 0) throw new Error(`strace ended with ${status}`)
  // One file per thread. The uploader is the process that executed its program, with its threads.
  const threads = new Map(
    readdirSync(folder).map((name) => [
      name.split('.').at(-1),
      readFileSync(path.join(folder, name), 'utf8').split('\n'),
    ]),
  )
  const children = (lines) =>
    lines.flatMap((line) => /^(?:clone3?|v?fork)\(.* = (\d+)$/.exec(line)?.[1] ?? [])
  const withDescendants = (id) => [
    id,
    ...children(threads.get(id) ?? []).flatMap((child) => withDescendants(child)),
  ]
  const isUploader = (lines) => lines.some((line) => /^execve\(.*upload\.cjs/.test(line))
  const uploaders = [...threads].filter(([, lines]) => isUploader(lines)).map(([id]) => id)
  const theirs = new Set(uploaders.flatMap((id) => withDescendants(id)))
  const calls = (lines) => lines.flatMap((line) => /^(\w+)\(/.exec(line)?.[1] ?? [])
  const count = (lines) => calls(lines).filter((call) => !family.includes(call)).length
  const sum = (wanted) =>
    [...threads].reduce(
      (all, [id, lines]) => all + (theirs.has(id) === wanted ? count(lines) : 0),
      0,
    )
  return { host: sum(false), uploader: sum(true) }
}
