// The hosts' way: several at once in one home record runs and counts with the library, while they are
// frozen, killed, moved into containers, and find files that can't be removed.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { openHome } from '../support/home.js'
import { openRelay } from './relay.js'

const atOnce = 4
/** Far below what fits into a queue. */
const most = 500
const program = path.join(import.meta.dirname, 'host.js')
const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
/** Not every machine lets us make containers or files that not even root can remove. */
const canContain = works(...container, 'true')

export async function openHosts(what, key, { target, chance }) {
  const home = openHome(`soak-${what}`, key)
  const relay = await openRelay(target, chance)
  await home.cli('endpoint', relay.url)
  // Statistics that a person has seen, and a delay that the next ones know.
  await once(start([process.execPath, program, '1', 'shown']), 'close')
  const running = new Set()
  const held = new Set()
  /** What was shown as recorded, by the end that its host met. */
  const recorded = { ended: [], killed: [] }
  const ending = new AbortController()

  function start([command, ...args]) {
    const env = { ...home.env, RUNMAT_TELEMETRY_SHOW: '1' }
    return spawn(command, args, { env, cwd: home.folder, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  const runOne = async () => {
    const host = [process.execPath, program, String(chance.between(1, 4)), 'shown']
    const isContained = canContain && chance.between(1, 4) === 1
    const child = start(isContained ? [...container, ...host] : host)
    running.add(child)
    let shown = ''
    child.stderr.on('data', (chunk) => (shown += chunk))
    child.stdout.resume()
    const [code] = await once(child, 'close')
    running.delete(child)
    recorded[code === 0 ? 'ended' : 'killed'].push(...eventsIn(shown))
  }
  const lanes = Array.from({ length: atOnce }, async () => {
    while (!ending.signal.aborted) {
      await runOne()
      // A fast machine would fill the queue while the uploaders wait for a collector that was away, and
      // a full queue drops events. A person who sends what waits does not wait for that.
      if (home.waiting() > most) await home.run('bin/runmat-telemetry.js', ['upload'])
      await pause(chance.between(0, 200))
    }
  })
  const someone = () => chance.one([...running, undefined])
  const free = (file) => {
    held.delete(file)
    spawnSync('chattr', ['-i', file])
  }

  return {
    home,
    relay,
    recorded,
    freeze: async () => {
      const child = someone()
      child?.kill('SIGSTOP')
      await pause(chance.between(50, 1500))
      child?.kill('SIGCONT')
    },
    kill: () => someone()?.kill('SIGKILL'),
    killUploader: () => {
      for (const pid of uploadersOf(home.folder)) killed(pid)
    },
    /** A waiting event that can't be removed for a while. */
    hold: () => {
      const name = readdirSync(home.queue).find((one) => one.endsWith('.json'))
      const file = name && path.join(home.queue, name)
      if (file === undefined || !works('chattr', '+i', file)) return
      held.add(file)
      setTimeout(free, chance.between(500, 3000), file)
    },
    /** False if it says itself that something may still be sent. */
    disable: async () => (await home.run('bin/runmat-telemetry.js', ['disable'])).code === 0,
    enable: () => home.cli('enable'),
    finish: async (patienceMs) => {
      ending.abort()
      await Promise.all(lanes)
      for (const file of held) free(file)
      relay.recover()
      relay.allow()
      const end = performance.now() + patienceMs
      while (home.waiting() > 0 && performance.now() < end) {
        await home.run('bin/runmat-telemetry.js', ['upload'])
      }
    },
    close: async () => {
      ending.abort()
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(lanes)
      for (const file of held) free(file)
      for (const pid of uploadersOf(home.folder)) killed(pid)
      await relay.close()
      home.close()
    },
  }
}

function eventsIn(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function killed(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

function uploadersOf(folder) {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      return environment.includes(folder) && environment.includes('TELEMETRY_UPLOADER_PRODUCT=')
    } catch {
      return false
    }
  })
}
