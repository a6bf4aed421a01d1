import path from 'node:path'

import { describe, expect, it } from 'vitest'

import {
  canInstall,
  clients,
  archivePath,
  goodArchive,
  installed,
  openStage,
  pathOf,
  pathWith,
  program,
  release,
  type Stage,
  where,
} from './stage.ts'

const sums = `${archivePath}.sha256`
const old = '#!/bin/sh\necho the old one\n'

/** Installs over an older release, which must be left as it was, and tells what was said. */
async function failOver(stage: Stage, env: Record<string, string | undefined> = {}) {
  stage.home.write(path.join(stage.bin, 'runmat'), old)
  const ended = await stage.install({ env })
  expect(ended).toMatchObject({ code: 1 })
  expect(ended.err).toMatch(/^Error: /m)
  expect(installed(stage)).toEqual(['runmat'])
  expect(stage.home.read(path.join(stage.bin, 'runmat'))).toBe(old)
  return ended.err
}

describe.skipIf(!canInstall)('install.sh leaves everything as it was and says why', () => {
  it('when there is no network, whichever client finds out', async () => {
    for (const client of clients) {
      const stage = await openStage()
      const PATH = pathOf(stage.home, client, 'sha256sum')
      const RUNMAT_RELEASES_URL = 'http://127.0.0.1:1/r'
      const newest = await stage.install({
        shell: [where('sh')],
        env: { PATH, RUNMAT_RELEASES_URL },
      })
      expect(newest).toMatchObject({ code: 1 })
      expect(newest.err).toContain('is there a connection?')
      const env = { PATH, RUNMAT_RELEASES_URL, RUNMAT_VERSION: 'v1.2.3', DO_NOT_TRACK: '1' }
      const given = await stage.install({ shell: [where('sh')], env })
      expect(given).toMatchObject({ code: 1, out: 'Downloading RunMat v1.2.3 for linux-x86_64\n' })
      expect(given.err).toContain(`cannot download ${RUNMAT_RELEASES_URL}`)
      expect(await stage.labels()).toEqual(['install_failed'])
    }
  })

  it('when a checksum is not published but required; else it warns', async () => {
    const stage = await openStage()
    stage.serve({ ...release(goodArchive), [sums]: 404 })
    expect(await failOver(stage, { RUNMAT_REQUIRE_CHECKSUM: '1' })).toContain('status 404')
    const ended = await stage.install({ env: { RUNMAT_NO_TELEMETRY: '1' } })
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.err).toMatch(
      /^Warning: no checksum is published at .*; the archive is not verified$/m,
    )
  })

  it('when nothing can compute a checksum', async () => {
    const stage = await openStage()
    const PATH = pathOf(stage.home, 'curl')
    const ended = await stage.install({ shell: [where('sh')], env: { PATH } })
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.err).toContain('this needs sha256sum, shasum or openssl')
    expect(installed(stage)).toEqual([])
  })

  it('when there is neither curl nor wget', async () => {
    const stage = await openStage()
    const PATH = pathOf(stage.home)
    const ended = await stage.install({ shell: [where('sh')], env: { PATH } })
    expect(ended).toMatchObject({ code: 1, out: '' })
    expect(ended.err).toBe('Error: this needs curl or wget, and neither is installed\n')
  })

  it.each([
    ['FreeBSD', 'amd64', 'freebsd', 'amd64'],
    ['Linux', 'riscv64', 'linux', 'riscv64'],
    ['MINGW64_NT-10.0-22631', 'x86_64', 'windows', 'x86_64'],
    ['Plan"9\\n', 'a b\nc', 'other', 'other'],
    ['Linux', 'linux macos', 'linux', 'other'],
  ])('when the platform is %j on %j', async (system, machine, os, arch) => {
    const stage = await openStage()
    const quoted = (text: string) => `'${text}'`
    const uname = `[ "$1" = -m ] && echo ${quoted(machine)} || echo ${quoted(system)}`
    const err = await failOver(stage, { PATH: pathWith(stage.home, { uname }) })
    expect(err).toContain('there is no RunMat for')
    expect(err.includes('install.ps1')).toBe(os === 'windows')
    for (const event of await stage.sent()) {
      expect(event).toMatchObject({ os, arch })
      expect(event).not.toHaveProperty('platform')
    }
    expect(await stage.labels()).toEqual(['install_start', 'install_failed'])
  })

  it('when the system runs only 32-bit programs', async () => {
    const stage = await openStage()
    const PATH = pathWith(stage.home, { getconf: 'echo 32' })
    expect(await failOver(stage, { PATH })).toContain('with 32-bit programs')
  })

  it('when a folder has the place of the program', async () => {
    const stage = await openStage()
    stage.home.write(path.join(stage.bin, 'runmat', 'mine'), 'precious')
    const ended = await stage.install()
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.err).toContain(`${stage.bin}/runmat is a folder`)
    expect(stage.home.read(path.join(stage.bin, 'runmat', 'mine'))).toBe('precious')
  })

  it('when there is no home; with a folder it installs, and is silent', async () => {
    const stage = await openStage()
    const ended = await stage.install({ env: { HOME: undefined } })
    expect(ended).toMatchObject({
      code: 1,
      err: 'Error: HOME is not set: say where to install, with --dir\n',
    })
    const here = await stage.install({ env: { HOME: undefined }, args: ['--dir', 'here'] })
    expect(here).toMatchObject({ code: 0, err: '' })
    expect(stage.home.read('here/runmat')).toBe(program)
    expect(await stage.labels()).toEqual([])
  })
})
