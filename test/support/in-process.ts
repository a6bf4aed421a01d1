import path from 'node:path'

import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'
import type { Product } from '../../src/product/product.ts'
import { runmat } from '../../src/product/runmat.ts'
import type { HostEnvironment } from '../../src/settings/host-environment.ts'
import type { Ended } from './run.ts'

/** An environment as the edge would read it, in a folder of a test. */
export function environmentIn(
  home: string,
  {
    cwd = home,
    env = {},
  }: { cwd?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): HostEnvironment {
  const configHome = env['XDG_CONFIG_HOME'] ?? path.join(home, '.config')
  return {
    env: { RUNMAT_TELEMETRY_KEY: 'key-of-the-tests', ...env },
    home,
    cwd,
    platform: process.platform,
    arch: process.arch,
    ci: undefined,
    configHome,
    systemHome: path.join(home, 'system'),
    uid: process.geteuid?.(),
    cacheHome: (application) => path.join(home, '.cache', application),
    now: Date.now,
    uptime: () => process.hrtime()[0] * 1000,
  }
}

/** Runs one command line without a process of its own: for tests that run thousands. */
export async function command(
  environment: HostEnvironment,
  argv: readonly string[],
  hostVersion?: string,
  product: Product = runmat,
): Promise<Pick<Ended, 'code' | 'out' | 'err'>> {
  let out = ''
  let err = ''
  const io: Io = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    outIsTerminal: false,
    outIsClosed: () => false,
    errIsTerminal: () => false,
    inIsTerminal: () => false,
    colour: false,
    outWidth: () => 80,
    outHeight: () => 24,
    errWidth: () => 80,
    input: () => '',
  }
  const uploader = () => ({ command: 'false', args: [] })
  const code = await main(
    { product, version: '0.0.0', hostVersion, uploader, environment, io },
    argv,
  )
  return { code, out, err }
}
