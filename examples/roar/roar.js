#!/usr/bin/env node
// A host small enough to read in one go: its telemetry is product.js and the calls made here.
import { getHashes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { openTelemetry, runCommands } from 'runmat-telemetry'

import { runJob } from './job.js'
import { roar } from './product.js'

/** @typedef {import('runmat-telemetry').Telemetry} Telemetry */

const version = '0.2.12'
const help = `Usage: roar run [--tracer NAME] [--fail KIND] -- command…
       roar register [--dry-run]
       roar ray|osmo -- command…
       roar ${roar.usage.subcommands.filter((name) => !['run', 'register'].includes(name)).join('|')}
       roar telemetry [command]`

const [subcommand = '--help', ...args] = process.argv.slice(2)
process.exitCode =
  subcommand === 'telemetry' ? await runCommands(roar, args, { version }) : await measured()

async function measured() {
  const telemetry = openTelemetry(roar, { version })
  try {
    return await act(telemetry)
  } catch (error) {
    console.error(`roar: ${/** @type {Error} */ (error).message}`)
    return 1
  } finally {
    await telemetry.close()
  }
}

/** @param {Telemetry} telemetry */
async function act(telemetry) {
  switch (subcommand) {
    case 'run':
      return await run(telemetry)
    case 'register':
      return register(telemetry)
    case 'ray':
      return await work(telemetry, { RAY_JOB_ID: '01000000' })
    case 'osmo':
      return await work(telemetry, { OSMO_WORKFLOW_ID: 'roar-1' })
    default:
      return other(telemetry)
  }
}

/** @param {Telemetry} telemetry */
async function run(telemetry) {
  const { values, positionals: command } = parseArgs({
    args,
    options: { tracer: { type: 'string' }, fail: { type: 'string' } },
    allowPositionals: true,
  })
  const { outcome, code } = values.fail
    ? { outcome: `failed_${values.fail}`, code: 1 }
    : await job(telemetry, command)
  telemetry.capabilities({
    blake3: getHashes().includes('blake3'),
    ebpf: existsSync('/sys/kernel/btf/vmlinux'),
    proxy: 'ROAR_PROXY' in process.env,
    ray: 'RAY_ADDRESS' in process.env,
    osmo: 'OSMO_URL' in process.env,
  })
  telemetry.select(values.tracer ?? 'auto')
  // Last, because the milestone's event carries what is known by then.
  telemetry.count('run', outcome)
  return code
}

/**
 * @param {Telemetry} telemetry
 * @param {string[]} command
 */
async function job(telemetry, command) {
  // A roar in there is part of this run, and would be counted twice.
  const env = { ...process.env, ...telemetry.workerEnv(), ROAR_JOB_INSTRUMENTED: '1' }
  const { code, interrupted } = await runJob(command, env)
  if (interrupted) return { outcome: 'failed_interrupted', code }
  return { outcome: code === 0 ? 'success' : 'failed_user_exit', code }
}

/** @param {Telemetry} telemetry */
function register(telemetry) {
  const { values } = parseArgs({ args, options: { 'dry-run': { type: 'boolean' } } })
  console.log(values['dry-run'] ? 'roar register: would be done' : 'roar register: done')
  telemetry.count('register')
  if (!values['dry-run']) telemetry.milestone('register')
  return 0
}

/**
 * Starts a worker. It runs on a machine of its own, where neither this environment nor these
 * settings reach: a no travels by `workerEnv` alone.
 *
 * @param {Telemetry} telemetry
 * @param {Record<string, string>} scheduler what the scheduler itself puts there
 */
async function work(telemetry, scheduler) {
  const { positionals: command } = parseArgs({ args, allowPositionals: true })
  const { PATH, HOME, USERPROFILE, SYSTEMROOT } = process.env
  const machine = { PATH, HOME, USERPROFILE, SYSTEMROOT }
  const { code } = await runJob(command, { ...machine, ...scheduler, ...telemetry.workerEnv() })
  return code
}

/** @param {Telemetry} telemetry */
function other(telemetry) {
  if (subcommand === '--version' || subcommand === '--help') {
    console.log(subcommand === '--version' ? version : help)
    return 0
  }
  if (!roar.usage.subcommands.includes(subcommand)) {
    console.error(help)
    return 2
  }
  if (subcommand === 'init') mkdirSync('.roar')
  if (subcommand === 'reset') rmSync('.roar', { recursive: true })
  console.log(`roar ${subcommand}: done`)
  // Only now, because `init` and `reset` are milestones, and a failed one is none.
  telemetry.count(subcommand)
  return 0
}
