import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readClientId } from '../../../src/store/client-id.ts'
import { nothingRuns } from '../../support/processes.ts'
import { findPwsh } from '../../support/pwsh.ts'
import type { Ended } from '../../support/run.ts'
import { installPs1, powershell } from './installer.ts'
import { releaseOf } from './release.ts'
import { goodZip, idsRecorded, installed, openStage, type Stage } from './stage.ts'

const pwsh = findPwsh()
const timeout = 180_000

// Each test here starts processes of its own; cases.test.ts runs everything else in one.
describe.skipIf(pwsh === undefined)('install.ps1 as a process', () => {
  it.each([
    ['an installation', [], 0],
    ['a failure', ['-Version', 'v9.9.9'], 1],
    ['wrong usage', ['-Force'], 2],
  ])('ends after %s with its exit code', { timeout }, async (_, args, code) => {
    const stage = await openStage(powershell)
    const ended = await start(stage, ['-File', installPs1, ...args]).ended
    expect(ended).toMatchObject({ code })
    expect(ended.err.startsWith('Error: ')).toBe(code !== 0)
    expect(installed(stage)).toEqual(code === 0 ? ['runmat.exe'] : [])
  })

  it('keeps the window open under iex, and says what went wrong', { timeout }, async () => {
    const stage = await openStage(powershell)
    const piped = `Get-Content -Raw '${installPs1}' | Invoke-Expression`
    const script = `try { ${piped} } catch { "caught: $_" }; "open, $LASTEXITCODE"`
    const good = await start(stage, ['-Command', script]).ended
    expect(good.out).toMatch(/is installed: [^]*\nopen, 0\n$/)
    expect(await stage.labels()).toEqual(['install_start', 'install_complete'])
    stage.forget()
    stage.serve({})
    const bad = await start(stage, ['-Command', script]).ended
    expect(bad.out).toMatch(/\ncaught: cannot find the newest release [^]*\nopen, 1\n$/)
    expect(await stage.labels()).toEqual(['install_failed'])
    stage.forget()
  })

  it('leaves nothing half installed when it is interrupted', { timeout }, async () => {
    const stage = await openStage(powershell)
    stage.home.write(path.join(stage.bin, 'runmat.exe'), 'the old one\n')
    const answers = releaseOf(goodZip, 'windows-x86_64.zip')
    const zip = Object.keys(answers).find((name) => name.endsWith('.zip')) ?? ''
    stage.serve({ ...answers, [zip]: { hang: 'in body' } })
    const running = start(stage, ['-File', installPs1])
    await stage.releases.received(3)
    running.child.kill('SIGINT')
    await running.ended
    expect(installed(stage)).toEqual(['runmat.exe'])
    expect(stage.home.read(path.join(stage.bin, 'runmat.exe'))).toBe('the old one\n')
    expect(await stage.labels()).toEqual(['install_start', 'install_failed'])
  })

  it.each([undefined, '', 'malformed'])(
    'agrees about the client id with others and with RunMat (file: %j)',
    { timeout },
    async (content) => {
      const stage = await openStage(powershell)
      const { home } = stage
      if (content !== undefined) home.write(home.clientId, content)
      const installs = Array.from({ length: 3 }, async (_, index) => {
        const args = ['-File', installPs1, '-Dir', home.at(`bin-${index}`)]
        const { err } = await start(stage, args, { RUNMAT_TELEMETRY_SHOW: '1' }).ended
        return [...err.matchAll(/"cid":"([^"]*)"/g)].map(([, id]) => id)
      })
      const ids = await Promise.all([...installs, idsRecorded(home)])
      await nothingRuns(home)
      expect(new Set(ids.flat())).toEqual(new Set([readClientId(home.clientId)]))
      expect(readdirSync(path.dirname(home.clientId))).toEqual(['telemetry_id'])
      stage.forget()
    },
  )
})

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

function start(
  stage: Stage,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(pwsh ?? '', ['-NoProfile', '-NonInteractive', ...args], {
    cwd: stage.home.path,
    env: { ...stage.home.env, ...stage.env, ...env, HOME: stage.home.at('stubs') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { child, ended: endOf(child) }
}

function endOf(child: ChildProcess): Promise<Ended> {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk: Buffer) => (out += String(chunk)))
  child.stderr?.on('data', (chunk: Buffer) => (err += String(chunk)))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, out, err }))
  })
}
