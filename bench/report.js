import { execFileSync } from 'node:child_process'
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { median, ratio } from './support/numbers.js'
import { eventsOf } from './support/report-events.js'
import { inTurns } from './support/rounds.js'

const msPerDay = 86_400_000
/** So many events are 4.7 GB of lines; more of them are spread over more days. */
const mostOfADay = 10

/**
 * Converting events and then answering all questions about them, beside a plain program that reads
 * every line and gives the same answers. Processor time on one core, so that load matters less.
 */
export async function report(stage, { quick, millions = [quick ? 0.1 : 1] }) {
  const program = path.join(stage.root, 'infra/report')
  execFileSync(process.execPath, [path.join(program, 'build.js'), stage.at('infra/report/dist')])
  cpSync(path.join(program, 'bin'), stage.at('infra/report/bin'), { recursive: true })
  const rows = []
  for (const size of millions) {
    const folder = stage.at(`report-${size}`)
    mkdirSync(folder)
    const measured = size > mostOfADay ? manyDays : oneDay
    rows.push(...(await measured(stage, folder, size, quick)))
    rmSync(folder, { recursive: true })
  }
  return rows
}

async function oneDay(stage, folder, size, quick) {
  const [day] = daysBefore(1)
  const lines = fill(folder, day, size * 1e6, source())
  const ask = (...words) => measureReport(stage, ['--from', folder, ...words], '500MB')
  const answers = {}
  const contestants = {
    plain: () => {
      const heap = '--max-old-space-size=16384'
      const plain = measure(stage, [heap, stage.program('plain-report.js'), lines])
      answers.plain = JSON.parse(plain.out)
      return plain
    },
    parsing: () => measure(stage, [stage.program('parse-lines.js'), lines]),
    converting: () => {
      rmSync(path.join(folder, `${day}.parquet`), { force: true })
      return convert(stage, folder, day)
    },
    asking: () => ask('--format', 'html', '--output', '/dev/null'),
  }
  const runs = size > 1 ? around(contestants) : await inTurns(quick ? 1 : 3, contestants)
  answers.report = JSON.parse(ask('--format', 'json').out).questions
  const seconds = (name) => runs[name].map((run) => run.seconds)
  const megabytes = (name) => Math.max(...runs[name].map((run) => run.megabytes))
  const beside = `plain Node: ${median(seconds('plain')).toFixed(1)} s, ${megabytes('plain').toFixed(0)} MB`
  const timeOf = (what, name, limit) => {
    const share = ratio(seconds(name), seconds('plain'))
    const held = limit === undefined ? {} : { limit: `≤ ${limit} ×`, holds: share <= limit }
    return { what, median: median(seconds(name)), unit: 's', beside, ratio: share, ...held }
  }
  const events = eventsOfSize(size)
  // The start of a process weighs more where there are fewer.
  const ofTen = (limit) => (size < mostOfADay ? undefined : limit)
  return [
    timeOf(`report, converting ${events}`, 'converting', ofTen(0.36)),
    memoryOf('report, its memory meanwhile', megabytes('converting'), 300),
    timeOf(`report, all questions over ${events}`, 'asking', ofTen(0.08)),
    memoryOf('report, its memory then', megabytes('asking'), 1000),
    timeOf(`report, JSON.parse alone over the lines of ${events}`, 'parsing'),
    { what: 'report, both answer alike', holds: isAlike(answers.plain, answers.report) },
  ]
}

/** Day by day, as they come in: the lines of a day that was converted are deleted. */
function manyDays(stage, folder, size) {
  const next = source()
  const days = daysBefore(Math.ceil(size / mostOfADay))
  const converting = days.map((day) => {
    const lines = fill(folder, day, (size * 1e6) / days.length, next)
    const run = convert(stage, folder, day)
    rmSync(lines)
    console.error(`${day}: ${run.seconds.toFixed(1)} s, ${run.megabytes.toFixed(0)} MB`)
    return run
  })
  const words = ['--from', folder, '--format', 'html', '--output', '/dev/null']
  const asking = measureReport(stage, words, '1GB')
  const seconds = converting.map((run) => run.seconds)
  const events = eventsOfSize(size)
  return [
    {
      what: `report, converting ${events} in ${days.length} days`,
      median: seconds.reduce((sum, value) => sum + value, 0),
      unit: 's',
      beside: `first day: ${seconds[0].toFixed(1)} s, last: ${seconds.at(-1).toFixed(1)} s`,
    },
    memoryOf('report, its memory', Math.max(...converting.map((run) => run.megabytes)), 2000),
    { what: `report, all questions over ${events}`, median: asking.seconds, unit: 's' },
    memoryOf('report, its memory', asking.megabytes, 2000),
  ]
}

function convert(stage, folder, day) {
  const words = ['coverage', '--since', day, '--until', day, '--output', '/dev/null']
  return measureReport(stage, ['--from', folder, ...words], '64MB')
}

function eventsOfSize(size) {
  return `${size} million events`
}

function memoryOf(what, megabytes, limit) {
  return { what, median: megabytes, unit: 'MB', limit: `≤ ${limit} MB`, holds: megabytes <= limit }
}

/** The `count` days before today, oldest first. */
function daysBefore(count) {
  return Array.from({ length: count }, (_, at) =>
    new Date(Date.now() - (count - at) * msPerDay).toISOString().slice(0, 10),
  )
}

/** Events of a day that can be set. */
function source() {
  let moment = 0
  const next = eventsOf(7, { at: () => moment })
  return (at) => {
    moment = at
    return next()
  }
}

function fill(folder, day, count, next) {
  const file = path.join(folder, `${day}.bench.ndjson`)
  const start = Date.parse(day)
  const handle = openSync(file, 'w')
  for (let made = 0; made < count;) {
    // More at once would outlive V8's young generation, which takes three times as long.
    const part = []
    for (let at = 0; at < 200 && made < count; at += 1, made += 1) {
      part.push(next(start + Math.floor((made / count) * msPerDay)))
    }
    writeSync(handle, `${part.join('\n')}\n`)
  }
  closeSync(handle)
  return file
}

/** Whether the report has the rows of the plain program, which has fewer columns. */
function isAlike(plain, questions) {
  return Object.entries(plain).every(([name, rows]) => {
    const columns = Object.keys(rows[0])
    const chosen = (all) =>
      all.map((row) => JSON.stringify(columns.map((column) => row[column]))).toSorted()
    return isDeepStrictEqual(chosen(rows), chosen(questions[name].rows))
  })
}

/** The plain program takes minutes, so it runs once, between two runs of ours: load comes and goes. */
function around(contestants) {
  const { plain, ...ours } = contestants
  const before = runEach(ours)
  const between = plain()
  const after = runEach(ours)
  const both = Object.keys(ours).map((name) => [name, [before[name], after[name]]])
  return { plain: [between, between], ...Object.fromEntries(both) }
}

function runEach(contestants) {
  return Object.fromEntries(Object.entries(contestants).map(([name, run]) => [name, run()]))
}

function measureReport(stage, words, memory) {
  const program = stage.at('infra/report/bin/runmat-telemetry-report.js')
  return measure(stage, [program, ...words, '--threads', '1', '--memory', memory])
}

/** A whole process on one core, with its peak memory. */
function measure(stage, words) {
  const USAGE_FILE = stage.at('usage.json')
  const node = [process.execPath, '--import', stage.program('usage.js'), ...words]
  const [file, ...rest] = process.platform === 'linux' ? ['taskset', '-c', '0', ...node] : node
  const env = { ...process.env, USAGE_FILE }
  const out = execFileSync(file, rest, { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 })
  return { out, ...JSON.parse(readFileSync(USAGE_FILE, 'utf8')) }
}
