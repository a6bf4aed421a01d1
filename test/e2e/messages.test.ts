import { mkdirSync, readdirSync, symlinkSync, utimesSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { fillQueue, queueFolder } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'
import { cli, cliJson } from '../support/run.ts'

const usage = JSON.stringify({ subcommand: 'run', outcome: 'success', version: '0.6.1' })

describe.concurrent('status', () => {
  it('names a folder that is not ours, and nothing is written there', async () => {
    const home = tempHome()
    mkdirSync(home.at('elsewhere'))
    mkdirSync(path.dirname(home.state), { recursive: true })
    symlinkSync(home.at('elsewhere'), home.state)
    const { out } = await cli(home, ['status'])
    expect(out).toContain('Warning: ~/.cache/runmat/telemetry is a link.\n')
    expect(out).toContain('Until that is put right, nothing is kept or sent.\n')
    expect(await cliJson(home, ['status'])).toMatchObject({
      foreign: [{ path: home.state, reason: 'link' }],
    })
    await cli(home, ['record', 'usage'], { input: usage })
    expect(readdirSync(home.at('elsewhere'))).toEqual([])
    const doctor = await cli(home, ['doctor'])
    expect(doctor.code).toBe(1)
    expect(doctor.out).toContain('fault: ~/.cache/runmat/telemetry is a link. Put a folder')
  })

  it('says that nothing is sent until the notice was seen, and only until then', async () => {
    const unseen = 'Nothing is sent automatically until you have seen the notice.'
    const home = tempHome()
    await cli(home, ['record', 'usage'], { input: usage })
    expect((await cli(home, ['status'])).out).toContain(unseen)
    await cli(home, ['record', 'usage', '--notice-shown'], { input: usage })
    expect((await cli(home, ['status'])).out).not.toContain(unseen)
  })
})

describe.concurrent('status and doctor', () => {
  it.each([400, 413, 500])('tell a refusal with %i in the same words', async (answer) => {
    const home = tempHome()
    const collector = await startCollector({ answer })
    home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
    fillQueue(home, 1)
    await cli(home, ['upload'])
    await collector.stop()
    const environment = environmentIn(home.path)
    const { out } = await command(environment, ['status'])
    const [words = 'nothing'] = /^.*\(\d{3}\)\..* 1 event kept;/m.exec(out) ?? []
    expect(words).toContain(`(${answer})`)
    expect((await command(environment, ['doctor'])).out).toContain(`warning: ${words.trim()}`)
  })

  it('know no uploader where its lock cannot be read', async () => {
    const home = tempHome()
    mkdirSync(path.dirname(home.state), { recursive: true })
    symlinkSync(home.state, home.state)
    const environment = environmentIn(home.path)
    const { out } = await command(environment, ['status'])
    expect(out).toContain('Uploader: nobody can tell whether it is running\n')
    const doctor = await command(environment, ['doctor'])
    expect(doctor.out).toContain('warning: Nobody can tell whether the uploader is running.\n')
    const json = await command(environment, ['status', '--json'])
    expect(JSON.parse(json.out)).toMatchObject({ uploader: { pid: null } })
  })

  it('name the variable that names a missing file, and say what to do', async () => {
    const home = tempHome()
    const environment = environmentIn(home.path, { env: { RUNMAT_CONFIG: '/nope.toml' } })
    const words =
      'RUNMAT_CONFIG names /nope.toml, which does not exist. Unset it, or create that file.'
    expect((await command(environment, ['status'])).out).toContain(`\n${words}\n`)
    expect((await command(environment, ['doctor'])).out).toContain(`fault: ${words} Until then`)
  })
})

describe.concurrent('how to take an opt-out back', () => {
  const no = '[telemetry]\nenabled = false\n'
  const noUploads = '[telemetry]\nuploads = false\n'
  const said = async (files: Readonly<Record<string, string>>, args: readonly string[]) => {
    const home = tempHome()
    for (const [name, text] of Object.entries(files)) home.write(name, text)
    return (await command(environmentIn(home.path), args)).out
  }

  it.each(['status', 'endpoint', 'endpoint --reset', 'enable'])(
    '%s names a file that no command changes, and no command that would not help',
    async (line) => {
      const args = line.split(' ')
      for (const file of ['runmat.toml', '.runmat/config.toml', 'system/runmat/telemetry.toml']) {
        const at = file.startsWith('system') ? expect.stringMatching(/system.*:2/) : `~/${file}:2`
        const out = await said({ [file]: noUploads }, args)
        expect(/^Send again: change (.*) by hand$/m.exec(out)?.[1]).toEqual(at)
      }
    },
  )

  it('names the command and the file, where it takes both', async () => {
    const user = '.config/runmat/config.toml'
    const sending = await said({ [user]: noUploads, 'runmat.toml': noUploads }, ['status'])
    expect(sending).toContain(
      '\nSend again: runmat-telemetry endpoint --reset, and in ~/runmat.toml:2 by hand\n',
    )
    const off = await said({ [user]: no, '.runmat/config.toml': no }, ['status'])
    expect(off).toContain(
      '\nTurn it on: runmat-telemetry enable, and in ~/.runmat/config.toml:2 by hand\n',
    )
  })

  it('names only the file, where the command changes another', async () => {
    const folder = '.config/runmat'
    const files = {
      [`${folder}/config.toml`]: '',
      [`${folder}/config.json`]: '{"telemetry": {"enabled": false}}',
    }
    expect(await said(files, ['status'])).toContain(
      `\nTurn it on: change ~/${folder}/config.json:1 by hand\n`,
    )
  })

  it.each([
    ['.runmat/config.toml', no, '~/.runmat/config.toml:2'],
    ['runmat.toml', 'enabled', '~/runmat.toml:1'],
    [
      '.config/runmat/config.toml',
      '[runtime.telemetry]\nenabeld = true\n',
      '~/.config/runmat/config.toml:2',
    ],
  ])('is said by disable for %s', async (file, text, where) => {
    expect(await said({ [file]: text }, ['disable'])).toContain(
      `\nTurn it on again: runmat-telemetry enable, and in ${where} by hand\n`,
    )
  })
})

describe.concurrent('a file in the queue that is no event', () => {
  it('is reported once by upload, and by status as long as it is there', async () => {
    const home = tempHome()
    const collector = await startCollector()
    home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
    fillQueue(home, 1)
    const junk = home.write(path.join(queueFolder(home), 'notes.json'), 'nothing of ours')
    // A new one could still be being written.
    utimesSync(junk, 0, 0)
    const said =
      '1 file that holds no event was set aside, never to be sent: ~/.cache/runmat/telemetry/set-aside\n'
    const first = await cli(home, ['upload'])
    expect(first).toMatchObject({ code: 0, out: 'Delivered 1 event.\n', err: said })
    expect(await cli(home, ['upload'])).toMatchObject({ code: 0, err: '' })
    expect((await cli(home, ['status'])).out).toContain(said)
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { set_aside: 1 } })
    expect((await cli(home, ['doctor'])).out).toContain('set-aside. It is never sent. Delete it ')
    await collector.stop()
  })
})

describe.concurrent('a file in the queue that may not be finished', () => {
  it('is no event of which upload says that it is kept', async () => {
    const home = tempHome()
    const collector = await startCollector()
    home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
    fillQueue(home, 1)
    home.write(path.join(queueFolder(home), 'notes.json'), 'nothing of ours')
    expect(await cli(home, ['upload'])).toMatchObject({
      code: 1,
      out: 'Delivered 1 event.\n1 file in the queue holds no event, and is not sent.\n',
    })
    await collector.stop()
  })
})

describe.concurrent('print', () => {
  it('shows the version of the host that runs it, also after an upgrade', async () => {
    const home = tempHome()
    await cli(home, ['record', 'usage'], { input: usage })
    const environment = environmentIn(home.path)
    for (const [kind, field] of [
      ['usage', 'version'],
      ['runtime', 'release'],
      ['install', 'release'],
    ] as const) {
      const versionFor = async (host?: string) => {
        const { out } = await command(environment, ['print', kind], host)
        return (JSON.parse(out) as Record<string, unknown>)[field]
      }
      expect(await versionFor('0.6.2')).toBe('0.6.2')
      expect(await versionFor()).toBe('0.6.1')
    }
  })
})

describe.concurrent('--quiet', () => {
  it.each([
    ['disable', '--quiet'],
    ['-q', 'disable'],
    ['--disable', '-q'],
  ])('says nothing where all goes well: %s %s', async (...args) => {
    const home = tempHome()
    expect(await cli(home, args)).toMatchObject({ code: 0, out: '', err: '' })
    expect(home.read(home.settings)).toContain('enabled = false')
  })

  it('does not keep an error back, nor its exit code', async () => {
    const ended = await cli(tempHome(), ['endpoint', 'example.com', '--quiet'])
    expect(ended).toMatchObject({ code: 2, out: '' })
    expect(ended.err).toContain('"example.com" is not an address.')
  })

  it('does not count the notice as seen', async () => {
    const home = tempHome()
    const args = ['record', 'usage', '--quiet']
    expect(await cli(home, args, { input: usage })).toMatchObject({ code: 0, out: '', err: '' })
    expect((await cli(home, ['status'])).out).toContain('until you have seen the notice.')
  })
})
