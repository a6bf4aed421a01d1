// A process of the receiving side that can be stopped and restarted at the same address.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

const infra = path.join(import.meta.dirname, '../../infra')

export function build(name, folder) {
  execFileSync(process.execPath, [path.join(infra, name, 'build.js'), folder])
}

/** Starts it; `ports` reads from its first line of log what it listens on. */
export function openService({ program, cwd, env, ports }) {
  let child
  let known = {}
  const runs = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const end = async (signal) => {
    if (!runs()) return
    child.kill(signal)
    await once(child, 'close')
  }
  return {
    ports: () => known,
    start: async () => {
      const stdio = ['ignore', 'pipe', 'inherit']
      child = spawn(process.execPath, [program], { cwd, env: env(known), stdio })
      const lines = createInterface(child.stdout)
      const [line] = await Promise.race([once(lines, 'line'), once(child, 'close')])
      if (typeof line !== 'string') throw new Error(`${path.basename(program)} did not start`)
      known = ports(JSON.parse(line))
    },
    stop: () => end('SIGTERM'),
    /** Kills it like a power failure. */
    kill: () => end('SIGKILL'),
  }
}
