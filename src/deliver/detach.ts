import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { buildIngestionKey } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import type { Context } from '../settings/context.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'

/** A program that uploads what waits and ends; it gets the product in its environment. */
export interface UploaderProgram {
  readonly command: string
  readonly args: readonly string[]
}

/** Names the variable in which the uploader finds out for which product it works. */
export const productVariable = 'TELEMETRY_UPLOADER_PRODUCT'

/**
 * Starts the uploader as a process of its own: it outlives this one, its terminal and its working
 * folder, and this one waits for nothing.
 */
export async function detachUploader(
  { product, environment }: Context,
  { command, args }: UploaderProgram,
): Promise<void> {
  const { spawn } = await import('node:child_process')
  const child = spawn(command, [...args], {
    // A working folder in use can be neither unmounted nor, on Windows, deleted.
    cwd: path.parse(command).root || path.sep,
    env: {
      ...environment.env,
      ...namedSettings(product, environment),
      ...productFor(product, environment.env),
    },
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
  })
  child.on('error', () => undefined)
  child.unref()
}

/**
 * The key of an official build is built into the uploader as well and does not travel. One that a
 * host brought along takes the way that keys take.
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

/** The uploader that is built beside this library and this command line. */
export function ownUploader(): UploaderProgram {
  return {
    command: process.execPath,
    args: [fileURLToPath(new URL('upload.cjs', import.meta.url))],
  }
}
