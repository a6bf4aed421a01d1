import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { readLedger } from '../../../src/store/ledger.ts'
import { cliJson } from '../../support/run.ts'
import { type Installer, powershell, sh } from './installer.ts'
import { canInstall, clients, installers, openStage, pathOf, type Stage, where } from './stage.ts'

const both = ['install_complete', 'install_start']

function ledgerOf(stage: Stage, { ledger }: Installer) {
  return readLedger(stage.home.at(ledger)).map(({ event, ...rest }) => {
    const label = (event as { event_label: string }).event_label
    return { label, ...rest }
  })
}

describe.skipIf(!canInstall).each(installers)(
  'the list of what was sent, to $name,',
  (installer) => {
    beforeAll(installer.ready, 180_000)

    // PowerShell does not wait for the answer.
    const confirmed = installer !== powershell

    it('names each event, byte for byte, behind what is there', async () => {
      const stage = await openStage(installer)
      const file = stage.home.write(installer.ledger, '{"cut":"sho')
      expect(await stage.install()).toMatchObject({ code: 0 })
      await stage.labels()
      const lines = ledgerOf(stage, installer)
      const facts = { endpoint: stage.collector.url, via: 'installer', confirmed }
      const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      const wanted = both.map((label) => ({ label, sent_at: time, ...facts }))
      expect(lines.toSorted((one, other) => (one.label < other.label ? -1 : 1))).toEqual(wanted)
      const text = readFileSync(file, 'utf8')
      for (const event of stage.collector.events) expect(text).toContain(`"event":${event.text},`)
    })

    it('is read by the log', async () => {
      const stage = await openStage(installer)
      await stage.install()
      await stage.labels()
      // A log on this platform looks into the folder of this platform.
      const written = stage.home.read(installer.ledger)
      if (installer !== sh) stage.home.write(sh.ledger, written)
      const log = await cliJson<readonly { via: string }[]>(stage.home, ['log'])
      expect(log.map(({ via }) => via)).toEqual(['installer', 'installer'])
    })

    it('lies where XDG_CACHE_HOME leads', async () => {
      const stage = await openStage(installer)
      await stage.install({ env: { XDG_CACHE_HOME: stage.home.at('xdg') } })
      await stage.labels()
      expect(readLedger(stage.home.at('xdg/runmat/telemetry/sent.ndjson'))).toHaveLength(2)
      expect(stage.home.has(installer.ledger)).toBe(false)
    })

    it.each(['sent.ndjson', ''])(
      'is not written through a link, and nothing leaves (%j)',
      async (name) => {
        const stage = await openStage(installer)
        const folder = path.dirname(stage.home.at(installer.ledger))
        stage.home.write('theirs/sent.ndjson', 'theirs\n')
        const place = path.join(folder, name)
        stage.home.write(path.join(path.dirname(place), '.keep'), '')
        symlinkSync(stage.home.at('theirs', name), place)
        expect(await stage.install()).toMatchObject({ code: 0 })
        expect(await stage.labels()).toEqual([])
        expect(stage.home.read('theirs/sent.ndjson')).toBe('theirs\n')
      },
    )

    it.runIf(installer === sh && process.getuid?.() === 0).each([
      ['others', 0o777, 0],
      ['a group that all users share', 0o775, 100],
    ])(
      'is not made in a folder that %s may write to, and nothing leaves',
      async (_, mode, group) => {
        const stage = await openStage(installer)
        const folder = path.dirname(path.dirname(stage.home.at(installer.ledger)))
        mkdirSync(folder, { recursive: true })
        chownSync(folder, 0, group)
        chmodSync(folder, mode)
        expect(await stage.install()).toMatchObject({ code: 0 })
        expect(await stage.labels()).toEqual([])
        expect(readdirSync(folder)).toEqual([])
      },
    )

    it('stops what is sent where it cannot be written, and not the installation', async () => {
      const stage = await openStage(installer)
      stage.home.write(`${installer.ledger}/in the way`, '')
      expect(await stage.install()).toMatchObject({ code: 0 })
      expect(await stage.labels()).toEqual([])
    })

    it('is not made where nothing is sent', async () => {
      const stage = await openStage(installer)
      await stage.install({ env: { DO_NOT_TRACK: '1' } })
      expect(stage.home.has(installer.ledger)).toBe(false)
    })
  },
)

describe.skipIf(!canInstall).each(clients)('the list of what install.sh sent with %s', (client) => {
  const install = async (answer: number | undefined) => {
    const stage = await openStage()
    if (answer !== undefined) stage.collector.setAnswer(answer)
    const closed = answer === undefined ? { RUNMAT_TELEMETRY_ENDPOINT: 'http://127.0.0.1:1' } : {}
    const env = { PATH: pathOf(stage.home, client, 'sha256sum'), ...closed }
    expect(await stage.install({ shell: [where('sh')], env })).toMatchObject({ code: 0 })
    await stage.labels()
    return { stage, confirmed: ledgerOf(stage, sh).map((line) => line.confirmed) }
  }

  it('says confirmed of a 204, and of nothing else', async () => {
    const { stage, confirmed } = await install(204)
    expect(confirmed).toEqual([true, true])
    expect(statSync(stage.home.at(sh.ledger)).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(stage.home.at(sh.ledger))).mode & 0o777).toBe(0o700)
    expect((await install(200)).confirmed).toEqual([false, false])
    expect((await install(500)).confirmed).toEqual([false, false])
  })

  it.runIf(client === 'curl')('says nothing where there was no connection', async () => {
    expect((await install(undefined)).confirmed).toEqual([])
  })
})
