import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'

/** Runs Node to its end. */
export function node(args, options) {
  return run(process.execPath, args, options)
}

/** Runs a program to its end. Synchronous, so that nothing of ours runs at the same time. */
export function run(program, args, { env, cwd }) {
  const start = performance.now()
  const { status, signal, stdout, stderr } = spawnSync(program, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
  const took = performance.now() - start
  if (status !== 0) throw new Error(`${args.join(' ')}: ${status ?? signal}\n${stderr}`)
  return { took, out: String(stdout) }
}

/** From the start of `view` to the first byte of what it answers to the address that it prints. */
export async function firstByte(program, { env, cwd }) {
  const start = performance.now()
  const child = spawn(process.execPath, [program, 'view', '--no-open'], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'close')
  const [line] = await once(child.stdout, 'data')
  const request = get(String(line).trim(), { agent: false })
  const [response] = await once(request, 'response')
  const took = performance.now() - start
  response.resume()
  child.kill('SIGINT')
  await ended
  return took
}

/** Starts a program that prints its address on its first line and runs until it is stopped. */
export async function startServer(program, env) {
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(String(line).trim()))
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${program} ended`)))
  })
  return { url, stop: () => child.kill() }
}
