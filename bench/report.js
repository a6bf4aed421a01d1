import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'

import { eventsOf } from './support/report-events.js'

const msPerDay = 86_400_000

/** Converting a day and then answering all questions about it: processor time, so that load matters less. */
export async function report(stage, { quick }) {
  execFileSync(process.execPath, [path.join(stage.root, 'infra/report/build.js')])
  const count = quick ? 100_000 : 1_000_000
  const folder = stage.at('report-events')
  mkdirSync(folder, { recursive: true })
  const day = new Date(Date.now() - msPerDay).toISOString().slice(0, 10)
  fill(path.join(folder, `${day}.bench.ndjson`), count, Date.parse(day))
  const converting = measure(stage.root, '100MB', ['--from', folder, 'coverage'])
  const asking = measure(stage.root, '200MB', ['--from', folder, '--format', 'html'])
  const parsing = measureParsing(path.join(folder, `${day}.bench.ndjson`))
  const events = `${count / 1e6} million events`
  return [
    rowOf(`report, converting ${events}`, converting.seconds, 's', (count / 1e6) * 2.6),
    { what: 'report, JSON.parse alone over the same lines', median: parsing, unit: 's' },
    rowOf('report, its memory meanwhile', converting.megabytes, 'MB', 300),
    rowOf(`report, all questions over ${events}`, asking.seconds, 's', 1),
    rowOf('report, its memory then', asking.megabytes, 'MB', 1000),
  ]
}

function rowOf(what, median, unit, limit) {
  return { what, median, unit, limit: `${limit} ${unit}`, holds: median <= limit }
}

function fill(file, count, start) {
  let made = 0
  const next = eventsOf(7, { at: () => start + Math.floor((made / count) * msPerDay) })
  const handle = openSync(file, 'w')
  while (made < count) {
    const part = []
    for (let at = 0; at < 10_000 && made < count; at += 1, made += 1) part.push(next())
    writeSync(handle, `${part.join('\n')}\n`)
  }
  closeSync(handle)
}

/** What nothing that reads JSON in Node can do without. */
function measureParsing(file) {
  const program = `import { readFileSync } from 'node:fs'
    const bytes = readFileSync(${JSON.stringify(file)})
    for (let from = 0; from < bytes.length; ) {
      const to = bytes.indexOf(10, Math.min(from + 262_144, bytes.length - 1)) + 1
      for (const line of bytes.latin1Slice(from, to).split('\\n')) if (line !== '') JSON.parse(line)
      from = to
    }
    const { user, system } = process.cpuUsage()
    console.log((user + system) / 1e6)`
  const words = ['--input-type=module', '-e', program]
  return Number(execFileSync(process.execPath, words, { encoding: 'utf8' }))
}

/** A whole process, pinned to one core, with its peak memory. */
function measure(root, memory, words) {
  const program = `import { main } from ${JSON.stringify(path.join(root, 'infra/report/dist/report.js'))}
    process.argv.splice(1, process.argv.length, 'x', ...${JSON.stringify([...words, '--threads', '1', '--memory', memory, '--output', '/dev/null'])})
    process.exitCode = await main(process)
    const { user, system } = process.cpuUsage()
    console.log(JSON.stringify({ seconds: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024 }))`
  const node = [process.execPath, '--input-type=module', '-e', program]
  const pinned = process.platform === 'linux' ? ['taskset', '-c', '0', ...node] : node
  return JSON.parse(execFileSync(pinned[0], pinned.slice(1), { encoding: 'utf8', cwd: root }))
}
