import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'

import { afterAll } from 'vitest'

import type { Behaviour } from '../../support/collector.ts'
import type { Home } from '../../support/home.ts'
import { type Ended, root, run } from '../../support/run.ts'
import { findPwsh, pwshEnv } from '../../support/pwsh.ts'
import { archive, type Member, zip } from './archive.ts'
import type { Arguments } from './cases.ts'
import { releaseOf } from './release.ts'

export const installSh = path.join(root, 'infra/installers/install.sh')
export const installPs1 = path.join(root, 'infra/installers/install.ps1')

/** What install.sh defines, without the call of it: so one shell can run a single function. */
export const functionsOfSh = readFileSync(installSh, 'utf8').replace(/\{ main "\$@"; \}\n$/, '')

export interface Installer {
  readonly name: string
  /** What the platform has that this installer looks for. */
  readonly env: (home: Home) => Readonly<Record<string, string>>
  /** Where the list of what was sent lies in a home. */
  readonly ledger: string
  /** What makes it believe to run on another processor. */
  readonly machine: (home: Home, name: string) => Readonly<Record<string, string>>
  /** Arguments as they are spelt here. */
  readonly words: (given: Arguments) => readonly string[]
  /** An archive as it is unpacked here. */
  readonly pack: (...members: readonly Member[]) => Buffer
  /** All that a server has of the newest release. */
  readonly release: (content: Uint8Array) => Record<string, Behaviour>
  /** Starts what takes long to start, ahead of the tests. */
  readonly ready: () => Promise<void>
  readonly run: (home: Home, how: Running) => Promise<InstallEnded>
}

export interface InstallEnded extends Ended {
  /** What a run left behind in the PowerShell that it ran in. */
  readonly changed?: readonly string[]
}

interface Running {
  readonly shell: readonly string[] | undefined
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
}

export const sh: Installer = {
  name: 'install.sh',
  env: () => ({}),
  ledger: '.cache/runmat/telemetry/sent.ndjson',
  machine: (home, name) => {
    const uname = `[ "$1" = -m ] && echo '${name}' || echo Linux`
    return { PATH: pathWith(home, { uname }) }
  },
  words: ({ version, dir, help, unknown = [] }) => [
    ...(version === undefined ? [] : ['--version', version]),
    ...(dir === undefined ? [] : ['--dir', dir]),
    ...(help ? ['--help'] : []),
    ...unknown,
  ],
  pack: archive,
  release: (content) => releaseOf(content, 'linux-x86_64.tar.gz'),
  ready: () => Promise.resolve(),
  run: (home, { shell = ['sh'], args, env, cwd }) => {
    const [command = '', ...before] = shell
    return run(command, [...before, installSh, ...args], home, { env, cwd })
  },
}

const pwsh = findPwsh()

export const powershell: Installer = {
  name: 'install.ps1',
  env: (home) => {
    // The system's own curl. It is told to write to NUL, which here is a file in its folder.
    const curl = home.write('windows/System32/curl.exe', '#!/bin/sh\nexec curl "$@"\n')
    chmodSync(curl, 0o755)
    return {
      OS: 'Windows_NT',
      PROCESSOR_ARCHITECTURE: 'AMD64',
      USERPROFILE: home.path,
      LOCALAPPDATA: home.at('AppData/Local'),
      ProgramData: home.at('ProgramData'),
      SystemRoot: home.at('windows'),
      ...pwshEnv,
    }
  },
  ledger: 'AppData/Local/runmat/Cache/telemetry/sent.ndjson',
  machine: (_, name) => ({ PROCESSOR_ARCHITECTURE: name }),
  words: ({ version, dir, help, unknown = [] }) => [
    ...(version === undefined ? [] : ['-Version', version]),
    ...(dir === undefined ? [] : ['-Dir', dir]),
    ...(help ? ['-Help'] : []),
    ...unknown,
  ],
  pack: zip,
  release: (content) => releaseOf(content, 'windows-x86_64.zip'),
  ready: async () => {
    server ??= start()
    await server
  },
  run: (home, { args, env, cwd }) =>
    serve({ script: installPs1, args, cwd, env: { ...home.env, ...env } }),
}

/** Both where PowerShell is, else install.sh alone. */
export const installers: readonly Installer[] = pwsh === undefined ? [sh] : [sh, powershell]

interface Server {
  readonly child: ChildProcess
  readonly answer: (line: string) => Promise<string>
}

/** One PowerShell for all runs of a file of tests, which it does one after the other. */
let server: Promise<Server> | undefined
let queue: Promise<unknown> = Promise.resolve()

afterAll(async () => {
  const running = await server
  running?.child.kill()
})

function serve(job: object): Promise<InstallEnded> {
  const result = queue.then(async () => {
    server ??= start()
    const { answer: ask } = await server
    const answer = JSON.parse(await ask(JSON.stringify(job))) as InstallEnded
    return { ...answer, signal: null }
  })
  queue = result.catch(() => undefined)
  return result
}

async function start(): Promise<Server> {
  const script = path.join(import.meta.dirname, 'install-server.ps1')
  const child = spawn(pwsh ?? '', ['-NoProfile', '-NonInteractive', '-File', script], {
    env: { ...process.env, ...pwshEnv },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const line = await lines.next()
    if (line.done) throw new Error('PowerShell has ended')
    return line.value
  }
  // It says so when it is ready.
  await next()
  return {
    child,
    answer: (line) => {
      child.stdin.write(`${line}\n`)
      return next()
    },
  }
}

/** A PATH on which these programs, given as shell scripts, come before the real ones. */
export function pathWith(home: Home, programs: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(programs)) {
    chmodSync(home.write(`stubs/${name}`, `#!/bin/sh\n${text}\n`), 0o755)
  }
  return `${home.at('stubs')}:${home.env['PATH']}`
}

export function where(name: string): string {
  return spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
}
