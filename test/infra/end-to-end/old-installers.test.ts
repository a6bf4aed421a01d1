import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { beforeAll, describe, expect, it } from 'vitest'

import { findPwsh } from '../../support/pwsh.ts'
import { requireTool } from '../../support/tools.ts'
import type { Fields } from './clients.ts'
import { type FileWorker, startFileWorker } from './file-worker.ts'
import { buildWorker } from './receiver.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

const pwsh = findPwsh()
const hasCurl = requireTool('curl')

const cid = '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'

/** The fields of the first installers, as they put them together in the shell. */
const first = `json="{\\"event_label\\":\\"$1\\",\\"os\\":\\"linux\\",\\"arch\\":\\"x86_64\\",\\
\\"platform\\":\\"linux-x86_64\\",\\"release\\":\\"v0.1.2\\",\\"method\\":\\"shell\\",\\
\\"cid\\":\\"$cid\\"}"
curl -sS -m 3 -X POST -H 'Content-Type: application/json' -d "$json" "$base/api/telemetry"`

/** The fields of today's installers, pretty-printed over several lines. */
const today = `cat <<EOF | curl -fsS --max-time 5 -H 'Content-Type: application/json' \\
  --data @- "$base/v1/t"
{
  "event": "$1",
  "eventLabel": "$1",
  "distinctId": "$cid",
  "uuid": "$2",
  "sessionId": "6a3a1f0e-1f1c-4a51-9a0e-2b6f6d1f9c10",
  "runKind": "install",
  "os": "linux",
  "arch": "x86_64",
  "release": "v0.6.1",
  "method": "shell",
  "source": "website-install-script",
  "payload": { "platform": "linux-x86_64" },
  "properties": {},
  "context": {}
}
EOF`

const powershell = `$body = [ordered]@{ event_label = $args[0]; os = 'windows'; arch = 'AMD64'
  platform = 'windows-x86_64'; release = 'v0.1.2'; method = 'powershell'; cid = $env:cid }
Invoke-RestMethod -Uri "$env:base/api/telemetry" -Method Post -ContentType 'application/json' \`
  -Body ($body | ConvertTo-Json) -TimeoutSec 30 | Out-Null`

/** Runs a script in the given shell. Fails if the script does. */
async function inShell(
  shell: readonly string[],
  script: string,
  args: readonly string[],
  worker: FileWorker,
  id: string = cid,
): Promise<void> {
  const [command = '', ...options] = shell
  const child = spawn(command, [...options, script, ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', base: worker.url, cid: id },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  expect([code, said]).toEqual([0, ''])
}

const sh = ['sh', '-euc']

const linux = { cid, os: 'linux', arch: 'x86_64', platform: 'linux-x86_64', method: 'shell' }

function stored(worker: FileWorker): readonly Fields[] {
  return worker.stored().map(({ uuid, ...fields }) => {
    expect(uuid).toMatch(/^[0-9a-f-]{14}4/)
    return fields
  })
}

describe.skipIf(!hasCurl)('the shell installers in the wild', () => {
  it('have each step stored as they post it to /api/telemetry', async () => {
    const worker = await startFileWorker(program)
    const steps = ['install_start', 'install_complete', 'install_failed']
    for (const step of steps) await inShell(sh, first, ['sh', step], worker)
    expect(stored(worker)).toEqual(
      steps.map((step) => ({ ...linux, event_label: step, release: 'v0.1.2' })),
    )
  })

  it('have each step stored as they post it to /v1/t', async () => {
    const worker = await startFileWorker(program)
    const steps = {
      'install.start': 'install_start',
      'install.completed': 'install_complete',
      'install.failed': 'install_failed',
    }
    for (const [index, step] of Object.keys(steps).entries()) {
      const uuid = `0d9c4a3e-6d0f-4c42-9f39-5a1c1d8a4b7${index}`
      await inShell(sh, today, ['sh', step, uuid], worker)
    }
    expect(stored(worker)).toEqual(
      Object.values(steps).map((step) => ({ ...linux, event_label: step, release: 'v0.6.1' })),
    )
  })

  it('are one install under the id of a machine without uuidgen', async () => {
    const worker = await startFileWorker(program)
    const id = '1767139200-28913'
    await inShell(sh, first, ['sh', 'install_start'], worker, id)
    const uuid = '0d9c4a3e-6d0f-4c42-9f39-5a1c1d8a4b77'
    await inShell(sh, today, ['sh', 'install.completed', uuid], worker, id)
    const [start, end] = worker.stored()
    expect(start?.['cid']).toMatch(/^[0-9a-f-]{14}4/)
    expect(start?.['cid']).toBe(end?.['cid'])
  })
})

describe.skipIf(pwsh === undefined)('the PowerShell installer in the wild', () => {
  it('has its steps stored', async () => {
    const worker = await startFileWorker(program)
    const file = ['-NoProfile', '-NonInteractive', '-Command']
    const script = `& { ${powershell} } install_start; & { ${powershell} } install_complete`
    await inShell([pwsh ?? '', ...file], script, [], worker)
    const windows = { cid, os: 'windows', arch: 'AMD64', platform: 'windows-x86_64' }
    expect(stored(worker)).toEqual(
      ['install_start', 'install_complete'].map((step) => ({
        ...windows,
        event_label: step,
        release: 'v0.1.2',
        method: 'powershell',
      })),
    )
  })
})
