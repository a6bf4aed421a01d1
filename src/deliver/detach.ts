import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { dayMs } from '../contract/timestamp.ts'
import { builtin } from '../files/builtin.ts'
import { readSmallFile } from '../files/read.ts'
import { privateFile, removeAll, removeFile } from '../files/write.ts'
import { buildIngestionKey } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import type { Context } from '../settings/context.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'
import type { Paths } from '../settings/paths.ts'
import { isOwnState } from '../store/foreign.ts'
import { isOfUploader, productVariable, thisHolder } from '../store/process-identity.ts'
import { debugTag } from './http/headers.ts'

/** A program that uploads what is waiting and ends. It gets the product in its environment. */
export interface UploaderProgram {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * Where events go, as the host saw it. If the settings are gone for a moment when the uploader reads
 * them, it must not send what waits to the built-in endpoint.
 */
export const endpointVariable = 'TELEMETRY_UPLOADER_ENDPOINT'

/**
 * Starts the uploader as a detached process. It outlives this one, its terminal and its working
 * folder, and this process does not wait for it.
 */
export async function detachUploader(
  context: Context,
  { command, args }: UploaderProgram,
): Promise<void> {
  const { product, environment, paths, choices } = context
  // A process started by an uploader, even indirectly, starts no other uploader.
  if (environment.env[productVariable] !== undefined || isOfUploader()) return
  // Other hosts' events are to be stored, not just looked at.
  if (debugTag(context) !== undefined) return
  if (!noteStart(paths, environment.now())) return
  const { spawn } = await import('node:child_process')
  const child = spawn(command, [...args], {
    // A folder that is some process's working folder can't be unmounted or, on Windows, deleted.
    cwd: path.parse(command).root || path.sep,
    env: {
      ...environment.env,
      ...namedSettings(product, environment),
      ...nodeOptions(environment.env),
      ...productFor(product, environment.env),
      [endpointVariable]: choices.endpoint.value,
    },
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
  })
  child.on('error', () => undefined)
  child.unref()
}

/**
 * The key of an official build is also built into the uploader and is not passed on. A key that the
 * host got from its environment is passed on in the environment.
 */
function productFor(product: Product, env: HostEnvironment['env']): Record<string, string> {
  const { ingestionKey } = product
  if (ingestionKey === undefined) return { [productVariable]: JSON.stringify(product) }
  const { variable, embedded } = ingestionKey
  const bare = { ...product, ingestionKey: { variable, embedded: '' } }
  return {
    [productVariable]: JSON.stringify(bare),
    ...(embedded === buildIngestionKey || env[variable] ? {} : { [variable]: embedded }),
  }
}

/** A relative name would mean another file in the uploader's own working folder. */
function namedSettings(
  { variables }: Context['product'],
  { env, cwd }: Context['environment'],
): Record<string, string> {
  const { config } = variables
  const named = config === undefined ? undefined : env[config]
  return config !== undefined && named ? { [config]: path.resolve(cwd ?? path.sep, named) } : {}
}

/**
 * The uploader that is built beside this library. Undefined if it can't be started: in another program's
 * bundle the file is missing, and an Electron app or a single executable would start itself.
 */
export function ownUploader(): UploaderProgram | undefined {
  const file = builtin('node:url').fileURLToPath(new URL('upload.cjs', import.meta.url))
  const { execPath } = process
  const isRuntime = runtimes.test(path.basename(execPath)) && !('electron' in process.versions)
  if (!isRuntime || isSingleExecutable() || !existsSync(file)) return undefined
  return { command: execPath, args: [file] }
}

const runtimes = /^(node|nodejs|bun)([-_.]?v?\d[\d.]*)?(\.exe)?$/i

function isSingleExecutable(): boolean {
  try {
    return builtin('node:sea').isSea()
  } catch {
    // This runtime has no single executables.
    return false
  }
}

/** Preloads are resolved in the working folder, which differs there, and a debugger would wait. */
function nodeOptions({ NODE_OPTIONS: given }: HostEnvironment['env']): Record<string, string> {
  if (given === undefined) return {}
  const words = given.match(/(?:"(?:\\.|[^"])*"|[^\s"])+/g) ?? []
  const kept: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const [, name = '', inline] = /^(-r|--[\w-]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name.startsWith('--inspect')) continue
    if (!preloading.has(name)) {
      kept.push(word)
      continue
    }
    const value = inline ?? words[(at += 1)] ?? ''
    if (isAnywhere(value.replaceAll('"', ''))) kept.push(`${name}=${value}`)
  }
  return { NODE_OPTIONS: kept.join(' ') }
}

const preloading = new Set(['-r', '--require', '--import', '--loader', '--experimental-loader'])

function isAnywhere(module: string): boolean {
  return path.isAbsolute(module) || /^(node|file|data):/.test(module)
}

/** From the third time on, an uploader that never comes up is started less and less often. */
const unanswered = { free: 3, baseMs: 60_000, mostMs: dayMs } as const

/**
 * Notes that an uploader is about to be started; false if the last ones never came up. Only those that
 * were started here count: an uploader in a container is killed when the container ends.
 */
function noteStart(paths: Pick<Paths, 'state'>, now: number): boolean {
  const file = startsFile(paths)
  const { place: here } = thisHolder()
  const reading = readSmallFile(file, 100, { links: false })
  // Writing to a pipe would never end, and a link may lead to any file of the user's.
  if (reading.kind === 'unreadable') removeAll(file)
  const [starts, time, place] = reading.kind === 'read' ? reading.bytes.toString().split(' ') : []
  const [count, last] = place === here ? [Number(starts), Number(time)] : [0, 0]
  const pause = unanswered.baseMs * 2 ** (count - unanswered.free)
  const since = now - last
  if (count >= unanswered.free && since >= 0 && since < Math.min(pause, unanswered.mostMs)) {
    return false
  }
  writeFileSync(file, `${(count || 0) + 1} ${now} ${here}`, { mode: privateFile })
  return true
}

/** The uploader is running, so starting it works. */
export function noteArrival(paths: Pick<Paths, 'state'>): void {
  if (isOwnState(paths.state)) removeFile(startsFile(paths))
}

function startsFile({ state }: Pick<Paths, 'state'>): string {
  return path.join(state, 'uploader-starts')
}
