import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readClientId } from '../../../src/store/client-id.ts'
import { nothingRuns } from '../../support/processes.ts'
import { functionsOfSh } from './installer.ts'
import {
  canInstall,
  firstShell,
  idsRecorded,
  installed,
  noRelease,
  openStage,
  pathWith,
  shells,
  type Stage,
} from './stage.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const good = '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'

describe.skipIf(!canInstall).each(shells)(
  'the client id, to install.sh under $name,',
  ({ command: shell }) => {
    it('is made once, private, and nothing else is left beside it', async () => {
      const stage = await openStage()
      const { clientId } = stage.home
      const env = wholeRun(stage)
      const [first, second] = [await idOf(stage, shell, env), await idOf(stage, shell, env)]
      expect(first).toMatch(uuid)
      expect(second).toBe(first)
      expect(stage.home.read(clientId)).toBe(`${first ?? ''}\n`)
      expect(readdirSync(path.dirname(clientId))).toEqual(['telemetry_id'])
      expect(statSync(clientId).mode & 0o777).toBe(0o600)
      expect(statSync(path.dirname(clientId)).mode & 0o777).toBe(0o700)
    })

    it.each([good, `  ${good.toUpperCase()}\r\n`])('is what others wrote: %j', async (text) => {
      const stage = await openStage()
      stage.home.write(stage.home.clientId, text)
      expect(await idOf(stage, shell)).toBe(good)
      expect(stage.home.read(stage.home.clientId)).toBe(text)
    })

    it.each([
      ['two ids', `${good}\n${good}`],
      ['an id and a byte that is none', `${good}\0`],
    ])('takes the place of %s', async (_, text) => {
      const id = await idInPlaceOf(text, shell)
      expect(id).toMatch(uuid)
      expect(id).not.toBe(good)
    })

    it('is made where there are no hard links', async () => {
      const stage = await openStage()
      const PATH = pathWith(stage.home, { ln: 'exit 1' })
      stage.home.write(stage.home.clientId, 'malformed')
      const id = await idOf(stage, shell, { PATH })
      expect(id).toMatch(uuid)
      expect(stage.home.read(stage.home.clientId)).toBe(`${id ?? ''}\n`)
      expect(statSync(stage.home.clientId).mode & 0o777).toBe(0o600)
      expect(readdirSync(path.dirname(stage.home.clientId))).toEqual(['telemetry_id'])
    })

    it('is agreed upon by installers and RunMat at once, in place of a malformed one', async () => {
      expect(await agreedIds('malformed', shell)).toHaveLength(1)
    })
  },
)

describe.skipIf(!canInstall).each(firstShell)(
  'the client id, to install.sh under $name alone,',
  ({ command: shell }) => {
    it.each([
      ['nothing', ''],
      ['a name', 'alice'],
      ['an id made from a network address', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
      ['JSON', `${good}","x":"`],
      ['a megabyte', 'x'.repeat(1_000_000)],
    ])('takes the place of %s', async (_, text) => {
      const id = await idInPlaceOf(text, shell)
      expect(id).toMatch(uuid)
      expect(id).not.toBe(good)
    })

    it.each(['folder', 'pipe', 'home that is not there'])('is left out for a %s', async (what) => {
      const stage = await openStage()
      const { clientId } = stage.home
      const env = { RUNMAT_INSTALL_DIR: stage.home.at('bin') }
      if (what === 'folder') mkdirSync(clientId, { recursive: true })
      if (what === 'pipe') stage.home.write('.runmat/.keep', '')
      if (what === 'pipe') spawnSync('mkfifo', [clientId])
      if (what.startsWith('home')) Object.assign(env, { HOME: stage.home.at('missing') })
      expect(await idOf(stage, shell, env)).toBeUndefined()
      expect(stage.home.has('missing')).toBe(false)
    })

    it('takes the place of a link to nowhere', async () => {
      const stage = await openStage()
      stage.home.write('.runmat/.keep', '')
      symlinkSync(stage.home.at('nowhere'), stage.home.clientId)
      const id = await idOf(stage, shell)
      expect(stage.home.read(stage.home.clientId)).toBe(`${id ?? ''}\n`)
      expect(stage.home.has('nowhere')).toBe(false)
    })

    it.each([undefined, ''])(
      'is agreed upon by installers and RunMat at once (file: %j)',
      async (content) => {
        expect(await agreedIds(content, shell)).toHaveLength(1)
      },
    )
  },
)

describe.skipIf(!canInstall)('the client id', () => {
  it('is not made where nobody could read it: in the home of another', async () => {
    const stage = await openStage()
    const PATH = pathWith(stage.home, { id: 'echo 4242' })
    expect(await idOf(stage, ['sh'], { ...wholeRun(stage), PATH })).toBeUndefined()
    expect(stage.home.has('.runmat')).toBe(false)
    expect(installed(stage)).toEqual(['runmat'])
  })

  it('is random all over', () => {
    const loop = 'i=0; while [ $i -lt 100 ]; do random_uuid; echo "$uuid"; i=$((i + 1)); done'
    const made = spawnSync('sh', ['-c', `${functionsOfSh}\n${loop}`], { encoding: 'utf8' })
    const ids = made.stdout.trim().split('\n')
    expect(new Set(ids).size).toBe(100)
    for (const id of ids) expect(id).toMatch(uuid)
    const digits = (at: number) => new Set(ids.map((id) => id[at]))
    expect(digits(19)).toEqual(new Set(['8', '9', 'a', 'b']))
    for (const at of [0, 12, 15, 20, 35]) expect(digits(at).size).toBeGreaterThan(10)
  })
})

/** Lets a run go on to its end. By default it stops at the release, because the id is made before. */
function wholeRun({ env }: Stage) {
  return { RUNMAT_RELEASES_URL: env['RUNMAT_RELEASES_URL'] }
}

/** Answers with the one id that was sent with all events. */
async function idOf(
  stage: Stage,
  shell: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<string | undefined> {
  const ended = await stage.install({ shell, env: { ...noRelease, ...env } })
  expect(ended.code).toBe('RUNMAT_RELEASES_URL' in env ? 0 : 1)
  const ids = new Set((await stage.sent()).map((event) => event['cid']))
  expect(ids.size).toBe(1)
  stage.forget()
  return [...ids][0]
}

/** The id that is sent, and is the only file, where there was this text before. */
async function idInPlaceOf(text: string, shell: readonly string[]): Promise<string | undefined> {
  const stage = await openStage()
  stage.home.write(stage.home.clientId, text)
  const id = await idOf(stage, shell)
  expect(stage.home.read(stage.home.clientId)).toBe(`${id ?? ''}\n`)
  expect(readdirSync(path.dirname(stage.home.clientId))).toEqual(['telemetry_id'])
  return id
}

/** What six installs and two commands that start at once take for the id, and what is in the file then. */
async function agreedIds(
  content: string | undefined,
  shell: readonly string[],
): Promise<readonly unknown[]> {
  const stage = await openStage()
  if (content !== undefined) stage.home.write(stage.home.clientId, content)
  const env = { ...noRelease, RUNMAT_TELEMETRY_SHOW: '1' }
  const installs = Array.from({ length: 6 }, async () =>
    cidIn((await stage.install({ shell, env })).err),
  )
  const [recorded, ...ids] = await Promise.all([idsRecorded(stage.home), ...installs])
  await nothingRuns(stage.home)
  expect(readdirSync(path.dirname(stage.home.clientId))).toEqual(['telemetry_id'])
  stage.forget()
  return [...new Set([...recorded, ...ids, readClientId(stage.home.clientId)])]
}

function cidIn(text: string): string | undefined {
  const ids = new Set([...text.matchAll(/"cid":"([^"]*)"/g)].map(([, id]) => id))
  expect(ids.size).toBe(1)
  return [...ids][0]
}
