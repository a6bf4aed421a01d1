// The measuring process must not disturb the measured one, so each has its own core.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { createInterface } from 'node:readline'

const canPin = os.availableParallelism() > 1 && hasTaskset()

export const cores = { measuring: 0, measured: 1 }

/** Raises the priority of the measured process, if that is allowed. */
export function hurry() {
  try {
    os.setPriority(-15)
  } catch {
    console.error('measured among everything else that runs here')
  }
}

/** Starts a program on one core. Settles with its first line of output. */
export async function startOn(core, args, env = process.env) {
  const command = [process.execPath, ...args.map(String)]
  const [file, ...rest] = canPin ? ['taskset', '-c', String(core), ...command] : command
  const child = spawn(file, rest, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  const [line] = await once(lines, 'line')
  // The rest is read and discarded, so that the program never waits for us.
  lines.close()
  child.stdout.resume()
  const end = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return { line, pid: child.pid, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

/** Its peak memory and processor time. Linux only. */
export function usageOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const times = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return {
    peakMb: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024,
    cpuMs: (Number(times[11]) + Number(times[12])) * 10,
  }
}

function hasTaskset() {
  try {
    execFileSync('taskset', ['-c', '0', 'true'])
    return true
  } catch {
    return false
  }
}
