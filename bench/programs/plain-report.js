// What an operator would write without the report: reads every line and counts the same answers.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const ids = new Set()
const installs = new Map()
const active = { finished: 0, jit_enabled: 0, jit_used: 0, accelerate_enabled: 0, gpu_used: 0 }
const failures = new Map()
const [started, ended] = [new Set(), new Set()]
const versions = new Map()
const newest = new Map()
const coverage = new Map()

const systems = { darwin: 'macos' }
const processors = { amd64: 'x86_64', aarch64: 'arm64' }
const archOf = (arch) => processors[arch.toLowerCase()] ?? arch.toLowerCase()

function entryOf(map, by, make) {
  const key = Object.values(by).join('\n')
  const known = map.get(key) ?? { ...by, ...make() }
  return map.set(key, known).get(key)
}

function count(line) {
  const event = JSON.parse(line)
  const { event_label: label, payload = {} } = event
  const [id, client] = [event.uuid ?? event.event_id, event.cid ?? event.install_id]
  if (ids.has(id)) return
  ids.add(id)
  const [kind] = label === undefined ? ['usage'] : label.split(/[._]/)
  const family = entryOf(coverage, { family: kind }, () => ({ events: 0, clients: new Set() }))
  family.events += 1
  family.clients.add(client)
  const release = entryOf(versions, { release: event.release ?? event.version }, () => ({
    clients: new Set(),
    runs: 0,
    installs: 0,
  }))
  release.clients.add(client)
  if (label === 'runtime.run.started') started.add(event.session_id)
  else if (label === 'runtime.run.finished') countRun(event, payload, release)
  else if (kind === 'install') countStep(event, label.slice('install_'.length), release)
  else if ((newest.get(client)?.sequence ?? -1) < event.sequence) newest.set(client, event)
}

function countRun({ cid, session_id: session }, payload, release) {
  ended.add(session)
  release.runs += 1
  active.finished += 1
  for (const name of ['jit_enabled', 'jit_used', 'accelerate_enabled'])
    active[name] += payload[name]
  active.gpu_used += payload.gpu_dispatches > 0
  if (payload.success) return
  const code = payload['runtime.failure.code']
  const stage = payload['runtime.failure.stage']
  const component = payload['runtime.failure.component']
  const fresh = () => ({ runs: 0, installs: new Set() })
  const failure = entryOf(failures, { stage, code, component }, fresh)
  failure.runs += 1
  failure.installs.add(cid)
}

function countStep({ cid, platform, os, arch, release: name }, step, release) {
  const system = { os: systems[os] ?? os, arch: archOf(arch) }
  entryOf(installs, { cid, platform, name }, () => system)[step] = true
  if (step === 'complete') release.installs += 1
}

for (const file of process.argv.slice(2)) {
  for await (const line of createInterface(createReadStream(file))) count(line)
}

const bySystem = new Map()
for (const { os, arch, start, complete, failed } of installs.values()) {
  const none = () => ({ started: 0, completed: 0, failed: 0, open: 0 })
  const row = entryOf(bySystem, { os, arch }, none)
  row.started += Number(start === true)
  row[complete ? 'completed' : failed ? 'failed' : 'open'] += 1
}
const used = new Map()
for (const event of newest.values()) {
  const groups = {
    subcommand: event.subcommand_counts,
    engine: event.engine_selections,
    capability: event.feature_capabilities,
  }
  for (const [group, counts] of Object.entries(groups)) {
    for (const [name, value] of Object.entries(counts).filter(([, one]) => one > 0)) {
      const row = entryOf(used, { group, name }, () => ({ count: 0, installs: 0 }))
      row.count += Number(value)
      row.installs += 1
    }
  }
}
const finished = [...started].filter((session) => ended.has(session)).length
const sizes = (_, value) => (value instanceof Set ? value.size : value)
console.log(
  JSON.stringify(
    {
      installs: [...bySystem.values()],
      active: [active],
      failures: [...failures.values()],
      unfinished: [{ started: started.size, finished, unfinished: started.size - finished }],
      versions: [...versions.values()],
      usage: [...used.values()],
      coverage: [...coverage.values()],
    },
    sizes,
  ),
)
