import { spawn } from 'node:child_process'
import { copyFileSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import type { Behaviour } from '../../support/collector.ts'
import { run } from '../../support/run.ts'
import { requireTool } from '../../support/tools.ts'
import { archive } from './archive.ts'
import {
  canInstall,
  clients,
  archivePath,
  checksum,
  firstShell,
  goodArchive,
  installed,
  installSh,
  openStage,
  pathOf,
  pathWith,
  program,
  release,
  shells,
  version,
  where,
} from './stage.ts'

const hashes = ['sha256sum', 'shasum', 'openssl'].filter(requireTool)

describe.skipIf(!canInstall).each(shells)('install.sh under $name', ({ command: shell }) => {
  it('installs the newest release, and says so', async () => {
    const stage = await openStage()
    const { home, bin } = stage
    const ended = await stage.install({ shell })
    expect(ended).toEqual({
      code: 0,
      signal: null,
      out:
        `Downloading RunMat ${version} for linux-x86_64\n` +
        `RunMat ${version} is installed: ${bin}/runmat\n` +
        `To run it by name: export PATH="${bin}:$PATH"\n`,
      err:
        'RunMat counts installs, under a random id; RUNMAT_NO_TELEMETRY=1 turns it off: ' +
        'https://runmat.com/docs/telemetry\n',
    })
    expect(installed(stage)).toEqual(['runmat'])
    expect(statSync(path.join(bin, 'runmat')).mode & 0o777).toBe(0o755)
    expect((await run(path.join(bin, 'runmat'), [], home)).out).toBe('the new one\n')
  })

  it('sends one event at the start and one at the end, in the words of the contract', async () => {
    const stage = await openStage()
    await stage.install({ shell })
    const events = await stage.sent()
    const id = stage.home.read(stage.home.clientId).trim()
    const facts = { os: 'linux', arch: 'x86_64', platform: 'linux-x86_64', release: version }
    expect(events).toEqual([
      { event_label: 'install_start', uuid: uuid(), ...facts, method: 'shell', cid: id },
      { event_label: 'install_complete', uuid: uuid(), ...facts, method: 'shell', cid: id },
    ])
    for (const event of events) {
      expect(Object.keys(event).join(' ')).toBe(
        'event_label uuid os arch platform release method cid',
      )
    }
    expect(new Set(events.map((event) => event['uuid'])).size).toBe(2)
    expect(stage.collector.events.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      'application/json',
    ])
  })

  const isFirst = shell === firstShell[0]?.command
  it.each(isFirst ? clients : clients.slice(-1))('needs no client but %s', async (client) => {
    const stage = await openStage()
    const [name = '', ...more] = shell
    const ended = await stage.install({
      shell: [where(name), ...more],
      env: { PATH: pathOf(stage.home, client, 'sha256sum') },
    })
    expect(ended).toMatchObject({ code: 0 })
    expect(installed(stage)).toEqual(['runmat'])
    expect(await stage.labels()).toEqual(['install_start', 'install_complete'])
  })

  it('runs from a pipe, with arguments', async () => {
    const stage = await openStage()
    const [first = '', ...more] = shell
    const args = [...more, '-s', '--', '--version', version, '--dir', 'here']
    const ended = await run(first, args, stage.home, {
      env: stage.env,
      input: readFileSync(installSh, 'utf8'),
    })
    expect(ended).toMatchObject({ code: 0 })
    expect(stage.home.read('here/runmat')).toBe(program)
    expect(stage.releases.events.map(({ path: asked }) => asked)).toEqual([
      archivePath,
      `${archivePath}.sha256`,
    ])
  })

  it('runs nothing of a download that breaks off', async () => {
    const stage = await openStage()
    const text = readFileSync(installSh, 'utf8')
    const ends = [...text.matchAll(/\n/g)].map(({ index }) => index)
    const last = text.length - 2
    // Only the newline at the very end may be missing.
    const step = isFirst ? 7 : 21
    const inside = ends.filter((end, line) => line % step === 0 && end < last)
    const cuts = [...inside, last - 1, last - 5, last - 9]
    const [first = '', ...more] = shell
    for (const cut of cuts) {
      const input = text.slice(0, cut)
      const { out } = await run(first, [...more, '-s'], stage.home, { env: stage.env, input })
      expect(out).toBe('')
    }
    expect(stage.releases.requests + stage.collector.requests).toBe(0)
    expect(stage.home.has('.local') || stage.home.has('.runmat')).toBe(false)
  })
})

describe.skipIf(!canInstall)('install.sh', () => {
  it.each(['runmat', './runmat', `runmat-${version}-linux-x86_64/runmat`, './r/bin/runmat'])(
    'finds the program at %s, and its companion beside it',
    async (name) => {
      const stage = await openStage()
      const companion = { name: `${name}-telemetry`, text: '#!/bin/sh\necho telemetry\n' }
      const other = { name: name.replace(/runmat$/, 'LICENSE'), text: 'Apache' }
      stage.serve(release(archive(other, companion, { name, text: program })))
      expect(await stage.install()).toMatchObject({ code: 0 })
      expect(installed(stage)).toEqual(['runmat', 'runmat-telemetry'])
      expect(stage.home.read(path.join(stage.bin, 'runmat'))).toBe(program)
      expect(stage.home.read(path.join(stage.bin, 'runmat-telemetry'))).toBe(companion.text)
    },
  )

  it('replaces a program that runs, without disturbing it', async () => {
    const stage = await openStage()
    const old = stage.home.write(path.join(stage.bin, 'runmat'), '')
    const cat = (await run('sh', ['-c', 'command -v cat'], stage.home)).out.trim()
    copyFileSync(cat, old)
    const running = spawn(old, { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void running.kill())
    expect(await stage.install()).toMatchObject({ code: 0 })
    expect((await run(old, [], stage.home)).out).toBe('the new one\n')
    const echo = new Promise((resolve) => running.stdout.once('data', resolve))
    running.stdin.write('still there')
    expect(String(await echo)).toBe('still there')
  })

  it('takes the release, the folder and the server that it is given', async () => {
    const stage = await openStage()
    const at = '/mirror/download/nightly-7+x/runmat-nightly-7+x-linux-x86_64.tar.gz'
    stage.serve(release(goodArchive, at))
    const env = {
      RUNMAT_VERSION: 'nightly-7+x',
      RUNMAT_INSTALL_DIR: stage.home.at('my own folder/'),
      RUNMAT_RELEASES_URL: `${new URL(stage.releases.url).origin}/mirror/`,
      PATH: `${stage.home.at('my own folder')}:${stage.home.env['PATH']}`,
    }
    const ended = await stage.install({ env })
    expect(ended.code).toBe(0)
    expect(ended.out).not.toContain('PATH')
    expect(stage.home.read('my own folder/runmat')).toBe(program)
    expect((await stage.sent()).map((event) => event['release'])).toEqual(['unknown', 'unknown'])
  })

  it('prefers its arguments to variables, and knows that the latest is the newest', async () => {
    const stage = await openStage()
    const env = { RUNMAT_VERSION: 'v0.0.1', RUNMAT_INSTALL_DIR: stage.home.at('other') }
    const args = ['--dir', stage.home.at('this'), '--version', 'latest']
    expect(await stage.install({ args, env })).toMatchObject({ code: 0 })
    expect(stage.home.read('this/runmat')).toBe(program)
    expect(stage.home.has('other')).toBe(false)
  })

  it.each([
    ['Linux', 'aarch64', {}, 'linux-aarch64'],
    ['Darwin', 'x86_64', {}, 'macos-x86_64'],
    ['Darwin', 'arm64', {}, 'macos-aarch64'],
    [
      'Darwin',
      'x86_64',
      { sysctl: '[ "$*" = "-n hw.optional.arm64" ] && echo 1' },
      'macos-aarch64',
    ],
  ])('knows %s on %s', async (system, machine, more, platform) => {
    const stage = await openStage()
    const at = archivePath.replace('linux-x86_64', platform)
    stage.serve(release(goodArchive, at))
    const sysctl = 'exit 1'
    const PATH = pathWith(stage.home, { sysctl, uname: uname(system, machine), ...more })
    expect(await stage.install({ env: { PATH } })).toMatchObject({ code: 0 })
    const [start] = await stage.sent()
    expect(start).toMatchObject({ os: system.toLowerCase(), platform })
  })

  it.each(hashes)('verifies with %s', async (tool) => {
    const stage = await openStage()
    // What it is written in: shasum is a Perl program.
    const env = { PATH: pathOf(stage.home, 'curl', 'perl', tool) }
    expect(await stage.install({ env })).toMatchObject({ code: 0 })
    stage.serve({ ...release(goodArchive), [`${archivePath}.sha256`]: ok('0'.repeat(64)) })
    const again = await stage.install({ env: { ...env, RUNMAT_NO_TELEMETRY: '1' } })
    expect(again).toMatchObject({ code: 1 })
  })

  it.each([
    ['alone', checksum(goodArchive).slice(0, 64)],
    ['in capitals', checksum(goodArchive).toUpperCase()],
    ['with the line end of Windows', `${checksum(goodArchive).slice(0, 64)}\r\n`],
  ])('takes a checksum %s', async (_, text) => {
    const stage = await openStage()
    stage.serve({ ...release(goodArchive), [`${archivePath}.sha256`]: ok(text) })
    const ended = await stage.install({ env: { RUNMAT_REQUIRE_CHECKSUM: '1' } })
    expect(ended).toMatchObject({ code: 0 })
  })

  it('goes on where nobody reads what it says', async () => {
    const stage = await openStage()
    const ended = await run('sh', ['-c', 'sh "$0" >/dev/full 2>&1', installSh], stage.home, {
      env: stage.env,
    })
    expect(ended).toMatchObject({ code: 0 })
    expect(installed(stage)).toEqual(['runmat'])
  })

  it('explains itself', async () => {
    const stage = await openStage()
    const ended = await stage.install({ args: ['--help'] })
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(ended.out).toContain('--version VERSION')
    expect(stage.releases.requests + stage.collector.requests).toBe(0)
  })
})

function uuid(): unknown {
  return expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/)
}

function ok(body: string): Behaviour {
  return { status: 200, body }
}

function uname(system: string, machine: string): string {
  return `[ "$1" = -m ] && echo ${machine} || echo ${system}`
}
