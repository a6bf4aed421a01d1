import { chmodSync, lchownSync, mkdirSync, renameSync, rmdirSync, symlinkSync } from 'node:fs'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { takeSnapshot } from '../../src/files/snapshot.ts'
import { runmat } from '../../src/product/runmat.ts'
import { strangerAt } from '../../src/settings/trust.ts'
import { type Home, tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'

const uid = process.geteuid?.()
const settings = '.config/runmat/config.toml'

/** A home with a settings file, and a folder with the given mode. */
function homeWith(mode: number): Home {
  const home = tempHome()
  home.write(settings, '')
  mkdirSync(home.at('shared'))
  chmodSync(home.at('shared'), mode)
  return home
}

const strangerIn = (home: Home) => strangerAt(home.at(settings), { uid }, takeSnapshot())

/** Each way to make the settings lead through the shared folder to a file that is ours. */
const detours: Readonly<Record<string, (home: Home) => void>> = {
  'a link to a link in it': (home) => {
    renameSync(home.at(settings), home.at('mine.toml'))
    symlinkSync('../mine.toml', home.at('shared/link'))
    symlinkSync(home.at('shared/link'), home.at(settings))
  },
  'a folder that is a link to a link in it': (home) => {
    renameSync(home.at('.config'), home.at('mine'))
    symlinkSync(home.at('mine'), home.at('shared/link'))
    symlinkSync('shared/link', home.at('.config'))
  },
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe.skipIf(uid === undefined)('a settings file that is reached by', () => {
  it.each(Object.entries(detours))('%s can only opt out', (_, make) => {
    const home = homeWith(0o777)
    make(home)
    expect(strangerIn(home)).toBe('folder')
    chmodSync(home.at('shared'), 0o755)
    expect(strangerIn(home)).toBeUndefined()
  })

  it.runIf(uid === 0).each(Object.entries(detours))(
    '%s made by another user can only opt out',
    (_, make) => {
      const home = homeWith(0o1777)
      make(home)
      // So long ago that the files are no longer looked at as ones that may just have changed.
      vi.setSystemTime(Date.now() + 60_000)
      expect(strangerIn(home)).toBeUndefined()
      lchownSync(home.at('shared/link'), 12_345, 12_345)
      expect(strangerIn(home)).toBe('owner')
    },
  )

  it('a folder that is opened to others later is judged again once the file is another', () => {
    const home = homeWith(0o755)
    home.write('shared/x.toml', '')
    home.write('shared/y.toml', '')
    const stranger = () => strangerAt(home.at('shared/x.toml'), { uid }, takeSnapshot())
    // A file that has just changed is judged each time.
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
    expect(stranger()).toBeUndefined()
    chmodSync(home.at('shared'), 0o777)
    renameSync(home.at('shared/y.toml'), home.at('shared/x.toml'))
    expect(stranger()).toBe('folder')
    chmodSync(home.at('shared'), 0o755)
    expect(stranger()).toBeUndefined()
  })

  it('a loop of links or a missing folder is no stranger’s', () => {
    const home = homeWith(0o755)
    rmdirSync(home.at('shared'))
    symlinkSync('shared', home.at('shared'))
    expect(strangerAt(home.at('shared/x.toml'), { uid }, takeSnapshot())).toBeUndefined()
    expect(strangerAt(home.at('nothing/x.toml'), { uid }, takeSnapshot())).toBeUndefined()
  })
})

describe.skipIf(uid === undefined)('a settings file of ours', () => {
  it.each([
    [0o600, undefined],
    [0o644, undefined],
    [0o646, 'writable'],
    [0o666, 'writable'],
  ])('with the mode %o can be written by others: %s', (mode, expected) => {
    const home = homeWith(0o755)
    chmodSync(home.at(settings), mode)
    expect(strangerIn(home)).toBe(expected)
  })
})

describe.skipIf(uid === undefined)('a settings file that others can write', () => {
  interface Status {
    readonly uploading: boolean
    readonly decided_by: string
    readonly endpoint: { readonly url: string }
    readonly udp_endpoint: { readonly address: string | null }
  }
  const statusWith = async (line: string, mode = 0o666): Promise<Status> => {
    const home = tempHome()
    home.write(settings, `[runtime.telemetry]\n${line}\n`)
    chmodSync(home.at(settings), mode)
    const { out } = await command(environmentIn(home.path), ['status', '--json'])
    return JSON.parse(out) as Status
  }

  it('sends nothing to the built-in address in place of one that does not count in it', async () => {
    const line = 'http_endpoint = "https://collector.example/t"'
    expect(await statusWith(line, 0o644)).toMatchObject({ uploading: true })
    expect(await statusWith(line)).toMatchObject({
      uploading: false,
      decided_by: 'invalid_settings',
    })
    for (const same of [runmat.endpoint, '']) {
      expect(await statusWith(`http_endpoint = "${same}"`)).toMatchObject({ uploading: true })
    }
  })

  it.each([
    ['udp_endpoint = ""', { uploading: true, udp_endpoint: { address: null } }],
    ['enabled = false', { uploading: false }],
    ['udp_endpoint = "127.0.0.1:9"', { udp_endpoint: { address: runmat.udpEndpoint } }],
  ])('still takes away what it says: %s', async (line, expected) => {
    expect(await statusWith(line)).toMatchObject(expected)
  })
})
