import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { type Collector, startCollector } from '../support/collector.ts'
import { makeCxxForMusl } from '../support/cxx-for-musl.ts'
import { fillQueue, readNotice } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { findMounter, type Mounter } from '../support/mounts.ts'
import { nothingRuns } from '../support/processes.ts'
import { type Ended, executable, run, type RunOptions } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'
import { archiveFor, unpack } from './stage.ts'

const mounter = executable !== undefined && process.getuid?.() === 0 ? findMounter() : undefined
const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64'
const muslArchive = archiveFor(`linux-${machine}-musl`)
const loader = `/lib/ld-musl-${machine}.so.1`

/** Puts a file where the program looks for it, in a root that has nothing else. */
type Place = (file: string, at?: string) => void

const roots: [string, boolean, (place: Place, home: Home) => void][] = [
  [
    'glibc',
    mounter !== undefined,
    (place) => {
      const libraries = execFileSync('ldd', [executable ?? ''], { encoding: 'utf8' })
      for (const [library] of libraries.matchAll(/\/lib\S+/g)) place(library)
      place(executable ?? '', '/bin/runmat-telemetry')
    },
  ],
  [
    'musl',
    mounter !== undefined && muslArchive !== undefined && existsSync(loader) && requireTool('g++'),
    (place, home) => {
      const program = path.join(unpack(muslArchive ?? '', home.path), 'runmat-telemetry')
      place(loader)
      place(makeCxxForMusl(program, loader, home.path), '/lib/libstdc++.so.6')
      place(program, '/bin/runmat-telemetry')
    },
  ],
]

describe.each(roots)(
  'in a root folder with nothing but %s, the executable',
  (_, possible, fill) => {
    let collector: Collector
    let home: Home
    let root: string

    beforeAll(async () => {
      if (!possible) return
      collector = await startCollector()
      home = tempHome()
      root = home.at('root')
      mkdirSync(path.join(root, 'proc'), { recursive: true })
      home.write('root/dev/null', '')
      fill((file, at = file) => {
        mkdirSync(path.dirname(path.join(root, at)), { recursive: true })
        copyFileSync(file, path.join(root, at))
      }, home)
      const settings = `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`
      home.write('root/home/.config/runmat/config.toml', settings)
    })

    afterAll(async () => {
      if (!possible) return
      await nothingRuns(home)
      await collector.stop()
    })

    const inside = (args: readonly string[], options: RunOptions = {}): Promise<Ended> => {
      // What every container has: /proc, and /dev/null for those who start others.
      const before = `
      mount -t proc proc '${root}/proc'
      mount --bind /dev/null '${root}/dev/null'
    `
      const command = ['chroot', root, '/bin/runmat-telemetry', ...args]
      const [first = '', ...rest] = (mounter as Mounter)({ before }, command)
      const env = { HOME: '/home', TEST_ROOT: root, NODE_OPTIONS: undefined, ...options.env }
      return run(first, rest, home, { ...options, env })
    }

    it.runIf(possible)('shows, records, sends on its own and on request, and stops', async () => {
      expect(await inside(['status'])).toMatchObject({ code: 0, err: '' })
      expect(await inside(['print'])).toMatchObject({ code: 0 })

      const input = '{"subcommand":"run","outcome":"success","version":"1.2.3"}'
      const first = await inside(['record', 'usage'], { input })
      expect(first).toMatchObject({ code: 0, err: expect.stringContaining('first run') })
      expect(collector.requests).toBe(0)
      readNotice(home.at('root/home/.cache/runmat/telemetry'))
      expect(await inside(['record', 'usage'], { input })).toMatchObject({ code: 0, err: '' })
      await collector.received(4)
      await nothingRuns(home)

      fillQueue({ ...home, state: home.at('root/home/.cache/runmat/telemetry') }, 2, 100)
      const uploaded = await inside(['upload', '--json'])
      expect(JSON.parse(uploaded.out)).toMatchObject({ delivered: 2, kept: 0, reason: null })

      expect(await inside(['disable'])).toMatchObject({ code: 0, err: '' })
      const status = await inside(['status', '--json'])
      expect(JSON.parse(status.out)).toMatchObject({
        collecting: false,
        decided_by: 'user_settings',
      })
      expect(home.read('root/home/.config/runmat/config.toml')).toContain('enabled = false')
    })
  },
)
