import { createHash } from 'node:crypto'
import { readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { fillQueue, readNotice } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { nothingRuns } from '../support/processes.ts'
import { cli, cliJson, executable, root, run } from '../support/run.ts'
import { hostArchive, made, unpack } from './stage.ts'

const own = executable ?? ''
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string
}

interface Sbom {
  readonly metadata: { readonly component: { readonly hashes: readonly { content: string }[] } }
  readonly components: readonly { readonly name: string; readonly version: string }[]
}

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe.runIf(executable !== undefined)('the archive', () => {
  const archive = hostArchive()

  it('contains everything that belongs to the executable', () => {
    const home = tempHome()
    const folder = unpack(archive, home.path)
    const held = [
      'LICENSE',
      'README.md',
      'man/man1/runmat-telemetry.1',
      'completions/bash/runmat-telemetry',
      'completions/zsh/_runmat-telemetry',
      'completions/fish/runmat-telemetry.fish',
      'completions/powershell/runmat-telemetry.ps1',
    ]
    for (const file of held) expect(home.read(path.join(folder, file)).length).toBeGreaterThan(500)
    expect(sha256(path.join(folder, 'runmat-telemetry'))).toBe(sha256(own))
  })

  it('matches the checksum beside it', () => {
    const sums = readFileSync(path.join(made, 'SHA256SUMS'), 'utf8')
    expect(sums).toContain(`${sha256(archive)}  ${path.basename(archive)}\n`)
  })

  it('lists the components of the executable and their licences', () => {
    const home = tempHome()
    const folder = unpack(archive, home.path)
    const { metadata, components } = JSON.parse(
      home.read(path.join(folder, 'sbom.cdx.json')),
    ) as Sbom
    expect(metadata.component.hashes[0]?.content).toBe(sha256(own))
    const notices = home.read(path.join(folder, 'THIRD-PARTY-LICENSES.txt'))
    const packages = components.filter(({ name }) => !name.startsWith('@oven/'))
    expect(packages.map(({ name }) => name)).toContain('commander')
    for (const one of packages) expect(notices).toContain(`${one.name} ${one.version} (`)
    expect(notices).toContain('JavaScriptCore')
    // What is only used while building is not in there.
    expect(packages.map(({ name }) => name)).not.toContain('vitest')
  })
})

describe.runIf(executable !== undefined).concurrent('the executable', () => {
  it('knows its version and has no key', async () => {
    const home = tempHome()
    expect((await cli(home, ['--version'])).out).toBe(`${version}\n`)
    const env = { RUNMAT_TELEMETRY_KEY: undefined }
    expect(await cliJson(home, ['status'], { env })).toMatchObject({ ingestion_key: 'missing' })
  })

  it('does not contain the path where it was built', () => {
    expect(readFileSync(own).includes(root)).toBe(false)
  })

  it('is not an uploader if only its argument is given', async () => {
    const home = tempHome()
    const typed = await cli(home, ['--as-uploader'])
    expect(typed).toMatchObject({ code: 2, err: expect.stringContaining('Unknown option') })
    expect((await cli(home, ['--help'])).out).not.toContain('uploader')
    const env = { TELEMETRY_UPLOADER_PRODUCT: '{}' }
    expect((await cli(home, ['status'], { env })).out).toMatch(/^RunMat telemetry is on/)
  })

  it('ignores configuration files in the working folder', async () => {
    const home = tempHome()
    home.write('.env', 'DO_NOT_TRACK=1\nRUNMAT_TELEMETRY_KEY=another\n')
    home.write('bunfig.toml', 'preload = ["./evil.js"]\n')
    home.write('evil.js', "require('node:fs').writeFileSync('evil', '')\n")
    home.write('package.json', '{')
    home.write('tsconfig.json', '{')
    expect(await cli(home, ['status'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^RunMat telemetry is on/),
    })
    expect(home.has('evil')).toBe(false)
  })

  it('passes the smoke test of the other platforms', async () => {
    const walk = ['scripts/smoke.js', own]
    const ended = await run(process.execPath, walk, tempHome(), { cwd: root })
    expect(ended).toMatchObject({ code: 0, out: `works: ${own}\n` })
  })

  it('starts itself, whatever its name is', async () => {
    const collector = await startCollector()
    try {
      const home = tempHome()
      home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
      symlinkSync(own, home.at('telemetry of mine'))
      const record = () =>
        run(home.at('telemetry of mine'), ['record', 'usage'], home, {
          input: '{"subcommand":"run","version":"1.0.0"}',
        })
      expect((await record()).err).toContain('first run')
      readNotice(home.state)
      fillQueue(home, 2, 100)
      expect(await record()).toMatchObject({ code: 0, out: '', err: '' })
      await collector.received(4)
      await nothingRuns(home)
    } finally {
      await collector.stop()
    }
  })
})
