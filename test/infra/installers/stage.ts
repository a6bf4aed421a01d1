import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { expect, onTestFinished } from 'vitest'

import { installContracts } from '../../../src/contract/install.ts'
import { runmat } from '../../../src/product/runmat.ts'
import { type Behaviour, type Collector, startCollector } from '../../support/collector.ts'
import { type Home, tempHome } from '../../support/home.ts'
import { queueContent } from '../../support/events.ts'
import { nothingRuns } from '../../support/processes.ts'
import { cli, run } from '../../support/run.ts'
import { requireTool } from '../../support/tools.ts'
import { archive, zip } from './archive.ts'
import {
  functionsOfSh,
  type InstallEnded,
  type Installer,
  powershell,
  sh,
  where,
} from './installer.ts'
import { release as releaseAt, version } from './release.ts'

export { installPs1, installSh, installers, pathWith, where } from './installer.ts'
export { checksum, version } from './release.ts'

/** All that install.sh needs, besides a client for HTTP and something that computes SHA-256. */
const tools =
  'awk cat chmod cut date dd find getconf grep gzip head id ln mkdir mktemp mv od rm sed sh sleep tail ' +
  'tar tr uname'

/** Is there enough on this machine to install anything with? */
export const canInstall = ['curl', 'sha256sum', ...tools.split(' ')]
  .map((tool) => requireTool(tool))
  .every(Boolean)

const known = Object.entries({ dash: ['dash'], bash: ['bash'], busybox: ['busybox', 'sh'] })
  .filter(([name]) => requireTool(name))
  .map(([name, command]) => ({ name, command: command as readonly string[] }))

/** Each shell that is here, as one runs a script with it. */
export const shells = known.length > 0 ? known : [{ name: 'sh', command: ['sh'] }]

/** The one that runs everything. The others run what depends on how a shell does things. */
export const firstShell = shells.slice(0, 1)

export const clients = ['curl', 'wget', 'wget=busybox'].filter((name) =>
  requireTool(name.split('=').at(-1) ?? ''),
)

export const archivePath = `/r/download/${version}/runmat-${version}-linux-x86_64.tar.gz`
export const program = '#!/bin/sh\necho the new one\n'
export const goodZip = zip({ name: 'runmat.exe', text: program })
export const goodArchive = archive({ name: 'runmat', text: program })

export interface Stage {
  readonly installer: Installer
  readonly home: Home
  readonly collector: Collector
  readonly releases: Collector
  /** Where it is installed if nobody says otherwise. */
  readonly bin: string
  /** What the server of releases answers, by path; 404 to everything else. */
  readonly serve: (answers: Readonly<Record<string, Behaviour>>) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly install: (options?: InstallOptions) => Promise<InstallEnded>
  /** The events that came in, when nothing is under way any more, in the order of their labels. */
  readonly sent: () => Promise<readonly Readonly<Record<string, string>>[]>
  /** Their labels only. */
  readonly labels: () => Promise<readonly string[]>
  /** Begins a new list, for another run in the same home. */
  readonly forget: () => void
}

export interface InstallOptions {
  readonly shell?: readonly string[] | undefined
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

/**
 * A home, a collector and a server of releases for one test. When the test ends, the posting
 * processes must have ended, every event must have been fit to travel, and no temporary folder may
 * be left.
 */
export async function openStage(installer: Installer = sh): Promise<Stage> {
  const home = tempHome()
  mkdirSync(home.at('tmp'))
  const collector = await startCollector()
  const releases = await startCollector({ answer: 404 })
  const env = {
    TMPDIR: home.at('tmp'),
    RUNMAT_RELEASES_URL: `${new URL(releases.url).origin}/r`,
    RUNMAT_TELEMETRY_ENDPOINT: collector.url,
    // Whatever wants to leave this machine meets a closed port.
    https_proxy: 'http://127.0.0.1:1',
    no_proxy: '127.0.0.1,localhost',
    ...installer.env(home),
  }
  let forgotten = 0
  const sent = async () => {
    await nothingRuns(home)
    return collector.events
      .slice(forgotten)
      .map(({ json }) => json as Record<string, string>)
      .sort((one, other) => (labelOf(one) < labelOf(other) ? 1 : -1))
  }
  const stage: Stage = {
    installer,
    home,
    collector,
    releases,
    bin: home.at('.local/bin'),
    serve: (answers) => {
      releases.setAnswer(({ path: asked }) => answers[asked] ?? 404)
    },
    env,
    install: ({ shell, args = [], env: more = {}, cwd = home.path } = {}) =>
      installer.run(home, { shell, args, cwd, env: { ...env, ...more } }),
    sent,
    labels: async () => (await sent()).map(labelOf),
    forget: () => {
      forgotten = collector.events.length
    },
  }
  stage.serve(installer.release(installer === powershell ? goodZip : goodArchive))
  onTestFinished(async () => {
    const labels = await stage.labels()
    await collector.stop()
    await releases.stop()
    const [contract] = installContracts(runmat)
    for (const { text, json } of collector.events) {
      expect(contract?.recognise(json)).toBe(JSON.stringify(json))
      expect(text).toBe(JSON.stringify(json))
    }
    expect(labels).toEqual([...new Set(labels)])
    expect(readdirSync(home.at('tmp'))).toEqual([])
  })
  return stage
}

function labelOf(event: Readonly<Record<string, string>>): string {
  return event['event_label'] ?? ''
}

/** A release for Linux, with its archive at this address. */
export function release(content: Uint8Array, at = archivePath): Record<string, Behaviour> {
  return releaseAt(content, at)
}

/** A PATH with what install.sh needs, the tools that are named (`wget=busybox`), and no other. */
export function pathOf(home: Home, ...more: readonly string[]): string {
  const folder = home.at(`path-${more.join('-')}`)
  mkdirSync(folder)
  for (const tool of [...tools.split(' '), ...more]) {
    const [name = '', target = name] = tool.split('=')
    symlinkSync(where(target), path.join(folder, name))
  }
  return folder
}

/** A server of releases that nothing answers at: what is decided before the download is all that happens. */
export const noRelease = { RUNMAT_RELEASES_URL: 'http://127.0.0.1:1/r' }

/**
 * Tells whether telemetry is on for an install: its own verdict, the notice and the client id have to
 * agree. Of install.sh only the function runs that decides; cases.test.ts installs as a whole, with
 * telemetry on and off.
 */
export async function isOn(
  stage: Stage,
  { env = {}, cwd = stage.home.path }: Pick<InstallOptions, 'env' | 'cwd'> = {},
  within = (command: readonly string[]) => command,
) {
  const { said, on } =
    stage.installer === sh ? await decide(stage, env, cwd, within) : await begin(stage, env, cwd)
  expect(stage.home.has(stage.home.clientId)).toBe(on)
  expect(said.includes('RunMat counts installs')).toBe(on)
  return on
}

async function decide(
  { home, env }: Stage,
  more: Readonly<Record<string, string | undefined>>,
  cwd: string,
  within: (command: readonly string[]) => readonly string[],
) {
  const script = `${functionsOfSh}\nset -u; LC_ALL=C; export LC_ALL; telemetry=off\nprepare_telemetry; echo "$telemetry"`
  const [command = '', ...args] = within(['sh', '-c', script])
  const { code, out, err } = await run(command, args, home, { env: { ...env, ...more }, cwd })
  expect([code, ['on\n', 'off\n']]).toEqual([0, expect.arrayContaining([out])])
  return { said: err, on: out === 'on\n' }
}

/** Ends where it looks for a release, because the rest takes long and decides nothing. */
async function begin(stage: Stage, env: Readonly<Record<string, string | undefined>>, cwd: string) {
  const ended = await stage.install({ env: { ...noRelease, ...env }, cwd })
  expect(ended).toMatchObject({ code: 1 })
  const labels = await stage.labels()
  const on = labels.length > 0
  expect(labels).toEqual(on ? ['install_failed'] : [])
  return { said: `${ended.out}${ended.err}`, on }
}

/** What stands in the folder of programs. */
export function installed(stage: Stage): readonly string[] {
  return stage.home.has(stage.bin) ? readdirSync(stage.bin).sort() : []
}

/** What two commands that record at once take for the id. */
export async function idsRecorded(home: Home): Promise<readonly string[]> {
  const input = JSON.stringify({ subcommand: 'run', outcome: 'success', version: '0.6.1' })
  const record = () => cli(home, ['record', 'usage'], { input })
  await Promise.all([record(), record()])
  const events = Object.values(queueContent(home))
  expect(events).not.toEqual([])
  return events.map((text) => (JSON.parse(text) as { readonly install_id: string }).install_id)
}
