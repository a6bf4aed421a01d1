import { spawn } from 'node:child_process'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Ended } from '../../support/run.ts'
import {
  canInstall,
  archivePath,
  goodArchive,
  installed,
  installSh,
  openStage,
  release,
  shells,
  type Stage,
} from './stage.ts'

const old = '#!/bin/sh\necho the old one\n'

describe.skipIf(!canInstall).each(shells)('install.sh under $name, interrupted', ({ command }) => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s', async (signal, code) => {
    const stage = await openStage()
    stage.home.write(path.join(stage.bin, 'runmat'), old)
    stage.serve({ ...release(goodArchive), [archivePath]: { hang: 'in body' } })
    const running = startInstall(stage, command)
    // The newest, its page, the archive. What ends before that will never ask for them.
    const tooSoon = running.ended.then(({ err }) => Promise.reject(new Error(`it ended: ${err}`)))
    await Promise.race([stage.releases.received(3), tooSoon])
    tooSoon.catch(() => undefined)
    running.signal(signal)
    const ended = await running.ended
    expect(ended).toMatchObject({ code, signal: null })
    expect(ended.err).toContain('Interrupted: nothing was installed.\n')
    expect(installed(stage)).toEqual(['runmat'])
    expect(stage.home.read(path.join(stage.bin, 'runmat'))).toBe(old)
    expect(await stage.labels()).toContain('install_failed')
  })
})

interface Running {
  readonly signal: (name: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

/** Starts it in a process group of its own, which gets signals as from a terminal. */
function startInstall(stage: Stage, shell: readonly string[]): Running {
  const [command = '', ...before] = shell
  const child = spawn(command, [...before, installSh], {
    cwd: stage.home.path,
    env: { ...stage.home.env, ...stage.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, out, err }))
  })
  return { signal: (name) => process.kill(-(child.pid ?? 0), name), ended }
}
