import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { eventually } from '../support/eventually.ts'
import { fillQueue } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { cli, cliCommand, cliJson, executable } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

const yes = '[runtime.telemetry]\nenabled = true\n'
const no = '[runtime.telemetry]\nenabled = false\n'
const ftp = '[runtime.telemetry]\nhttp_endpoint = "ftp://example.com"\n'
const noUploads = '[telemetry]\nuploads = false\n'
const large = `# ${'x'.repeat(70_000)}\n`
const deep = { recursive: true }
const doNot = { DO_NOT_TRACK: '1' }
type Env = { readonly DO_NOT_TRACK?: string; readonly RUNMAT_CONFIG?: string }
const secret = 'AKIA0123456789SECRET'
const isRoot = process.getuid?.() === 0

const statusIn = async (home: Home, cwd = home.path, env = {}) =>
  JSON.parse((await command(environmentIn(home.path, { cwd, env }), ['status', '--json'])).out)

describe.skipIf(!requireTool('script')).concurrent('disable in a terminal', () => {
  it.each([
    ['yes', 'y', 0, 'Yes'],
    ['no', 'n', 1, 'No'],
    ['Esc', '\u001b', 1, 'Cancelled'],
    ['Ctrl-C', '\u0003', 1, 'Cancelled'],
    ['Ctrl-D', '\u0004', 1, 'Cancelled'],
  ])('is in force when it asks about a project’s file, and after %s', async (...step) => {
    const [, answer, code, said] = step
    const home = tempHome()
    home.write('runmat.toml', yes)
    fillQueue(home, 2)
    const terminal = openTerminal(home, [...cliCommand, 'disable'])
    await terminal.sees('Turn telemetry off in that file, too?')
    expect(home.read(home.settings)).toBe(no)
    expect(await cliJson(home, ['status'])).toMatchObject({ queue: { events: 0 } })
    terminal.type(answer)
    await terminal.sees(`│  ${said}\r\n`)
    await terminal.sees(code === 0 ? '2 waiting events deleted.' : 'would still send from here')
    expect(await terminal.ended).toBe(code)
    expect(home.read('runmat.toml')).toBe(code === 0 ? no : yes)
  })

  it('asks about no project’s file that it could not change', async () => {
    const home = tempHome()
    home.write('runmat.toml', large)
    const terminal = openTerminal(home, [...cliCommand, 'disable'])
    await terminal.sees('To stop it: replace ~/runmat.toml')
    expect(await terminal.ended).toBe(1)
  })
})

describe('disable', () => {
  it.concurrent('names a project’s file that RunMat reads instead, until --here', async () => {
    const home = tempHome()
    home.write('project/runmat.toml', `# ours\n${yes}`)
    const cwd = home.at('project')
    const refused = await cli(home, ['disable'], { cwd })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('~/project/runmat.toml')
    expect(refused.err).toContain('disable --here')
    expect(home.read(home.settings)).toContain('enabled = false')
    const status = await cliJson(home, ['status'], { cwd })
    expect(status).toMatchObject({
      collecting: false,
      host: { reads: home.at('project/runmat.toml'), enabled: true, agrees: false },
    })
    expect((await cli(home, ['status'], { cwd })).out).toContain('Warning: RunMat itself would')
    const here = await cli(home, ['disable', '--here'], { cwd })
    expect(here.code).toBe(0)
    expect(here.out).toContain(' enable, and in ~/project/runmat.toml:3 by hand\n')
    expect(home.read('project/runmat.toml')).toBe('# ours\n[runtime.telemetry]\nenabled = false\n')
    expect(await cliJson(home, ['status'], { cwd })).toMatchObject({
      host: { enabled: false, agrees: true },
    })
  })

  it.concurrent('says where it could be saved, and what stops RunMat, if only one file is broken', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry\n')
    home.write('runmat.toml', yes)
    const unheard = await cli(home, ['disable'])
    expect(unheard.code).toBe(1)
    expect(unheard.err).not.toContain('is saved in')
    expect(unheard.err).toMatch(/^To stop it: runmat-telemetry disable --here$/m)
    const here = await cli(home, ['disable', '--here'])
    expect(here.code).toBe(1)
    expect(here.err).toContain('\nThe opt-out is saved in ~/runmat.toml.\n')
    expect(here.err).not.toContain('still send')
    expect(home.read('runmat.toml')).toBe(no)
  })

  it.concurrent('tells what it deleted and removed, also where RunMat would still send', async () => {
    const home = tempHome()
    home.write('runmat.toml', yes)
    const id = randomUUID()
    home.write(home.clientId, `${id}\n`)
    const [event] = fillQueue(home, 2)
    const sent = { sent_at: '2026-03-14T00:00:00.000Z', endpoint: 'https://example.invalid', event }
    home.write(path.join(home.state, 'sent.ndjson'), `${JSON.stringify(sent)}\n`)
    const { code, err } = await cli(home, ['disable', '--forget'])
    expect(code).toBe(1)
    expect(err).toContain('would still send from here.\n2 waiting events deleted.\nRemoved ~/')
    // Nobody can ask the collector to erase it without the id, which is gone here.
    expect(err).toMatch(
      new RegExp(`^1 event sent earlier is not erased at the collector.*${id}`, 'm'),
    )
    expect(err).toMatch(/disable --here\n$/)
  })

  it.concurrent('names a file that enable leaves alone, as RUNMAT_CONFIG may name one', async () => {
    const home = tempHome()
    const env = { RUNMAT_CONFIG: home.write('named.toml', yes) }
    const { code, out } = await cli(home, ['disable', '--here'], { env })
    expect(code).toBe(0)
    expect(out).toContain(' enable, and in ~/named.toml:2 by hand\n')
  })

  it.concurrent('writes into the config.json that RunMat reads', async () => {
    const home = tempHome()
    const before = '{\n  "runtime": {\n    "verbose": true\n  }\n}\n'
    const file = home.write('.config/runmat/config.json', before)
    expect(await cliJson(home, ['off'])).toMatchObject({ changed: true, file })
    expect(readdirSync(home.at('.config/runmat'))).toEqual(['config.json'])
    expect(await statusIn(home)).toMatchObject({ paths: { settings: file } })
    const { out } = await cli(home, ['status'])
    expect(out).toContain('  Settings: ~/.config/runmat/config.json\n')
    await cli(home, ['view', '--export', 'page.html'])
    expect(home.read('page.html')).not.toContain('config.toml')
    expect(home.read('page.html')).toContain(
      'set <code>runtime.telemetry.enabled</code> to <code>false</code>',
    )
    expect(JSON.parse(home.read(file))).toEqual({
      runtime: { verbose: true, telemetry: { enabled: false } },
    })
    expect(await cliJson(home, ['on'])).toMatchObject({ collecting: true })
  })

  it.concurrent('and local hold under another XDG_CONFIG_HOME, until they are taken back', async () => {
    for (const [off, back] of [
      [['disable'], ['enable']],
      [['local'], ['endpoint', '--reset']],
      [['local'], ['endpoint', 'https://example.invalid/t']],
    ] as const) {
      const home = tempHome()
      const env = { XDG_CONFIG_HOME: home.at('xdg') }
      const uploading = async (variables: Readonly<Record<string, string>>) =>
        ((await statusIn(home, home.path, variables)) as { uploading: boolean }).uploading
      const environment = environmentIn(home.path, { env })
      expect(await command(environment, off)).toMatchObject({ code: 0 })
      expect([await uploading(env), await uploading({})]).toEqual([false, false])
      expect(await command(environment, back)).toMatchObject({ code: 0 })
      expect([await uploading(env), await uploading({})]).toEqual([true, true])
    }
  })

  it.concurrent('writes both into XDG_CONFIG_HOME and into ~/.config', async () => {
    const home = tempHome()
    const env = { XDG_CONFIG_HOME: home.at('xdg') }
    expect(await cli(home, ['disable'], { env })).toMatchObject({ code: 0 })
    for (const file of ['xdg/runmat/config.toml', '.config/runmat/config.toml']) {
      expect(home.read(file)).toContain('enabled = false')
    }
    expect(await cliJson(home, ['enable'], { env })).toMatchObject({ collecting: true })
  })

  it.concurrent('is undone in both places by enable, which names them', async () => {
    const home = tempHome()
    const env = { XDG_CONFIG_HOME: home.at('xdg') }
    await cli(home, ['disable'], { env })
    const { out } = await cli(home, ['enable'], { env })
    expect(out).toMatch(
      /^Turned on in ~\/xdg\/runmat\/config\.toml\nTurned on in ~\/\.config\/runmat\/config\.toml\n/,
    )
    expect(home.read(home.settings)).toContain('enabled = true')
  })

  it.concurrent('deletes the queue even if the settings cannot be changed', async () => {
    const home = tempHome()
    const broken = '[runtime.telemetry\n'
    home.write(home.settings, broken)
    fillQueue(home, 3)
    const ended = await cli(home, ['disable'])
    expect(ended).toMatchObject({ code: 1, out: '' })
    expect(ended.err).toMatch(/config\.toml:1.*\n[^]*RUNMAT_NO_TELEMETRY=1/)
    expect(home.read(home.settings)).toBe(broken)
    expect(readdirSync(path.join(home.state, 'queue'))).toEqual([])
  })

  it.skipIf(executable !== undefined)(
    'claims no success where what waits cannot be listed or deleted',
    async () => {
      for (const fail of [/list .*queue$/, /remove .*queue/]) {
        const home = tempHome()
        fillQueue(home, 2)
        const refused = await cli(home, ['disable'], { env: withFsFaults(home, { fail }) })
        expect(refused).toMatchObject({ code: 1, out: '' })
        expect(refused.err).toMatch(/Telemetry is off, but .* could not be deleted\.\n.*\/queue/)
        expect(home.read(home.settings)).toContain('enabled = false')
        const again = await cli(home, ['disable'])
        expect(again).toMatchObject({ code: 0 })
        expect(again.out).toContain('2 waiting events deleted')
      }
    },
  )

  it.skipIf(executable !== undefined)(
    'removes what it can with --forget where neither settings nor queue can be written',
    async () => {
      const home = tempHome()
      fillQueue(home, 3)
      home.write(home.clientId, `${randomUUID()}\n`)
      home.write(path.join(home.state, 'sent.ndjson'), '')
      const fail = /(create|rename) .*\.config|remove .*queue/
      const env = withFsFaults(home, { fail })
      const { code, out, err } = await cli(home, ['disable', '--forget'], { env })
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toContain('Telemetry is still on. Until you can save it there')
      expect(err).toMatch(/^3 waiting events could not be deleted\. ~\/.*\/queue\/.*: /m)
      expect(err).toMatch(/^Removed ~\/\.runmat\/telemetry_id$/m)
      expect(err).toMatch(/^~\/\.cache\/.* can't be removed: /m)
      expect(home.has(home.clientId) || home.has(path.join(home.state, 'sent.ndjson'))).toBe(false)
      expect(await cliJson(home, ['status'])).toMatchObject({ queue: { events: 3 } })
    },
  )

  it.skipIf(executable !== undefined)(
    'removes nothing with --forget that must be read first and cannot be',
    async () => {
      const home = tempHome()
      home.write(home.clientId, `${randomUUID()}\n`)
      home.write(path.join(home.state, 'sent.ndjson'), '')
      const fail = /(create|rename) .*\.config|open .*sent\.ndjson/
      const { code, err } = await cli(home, ['disable', '--forget'], {
        env: withFsFaults(home, { fail }),
      })
      expect(code).toBe(1)
      expect(err).toContain('Nothing else was removed: ~/.cache/runmat/telemetry/sent.ndjson')
      expect(home.has(home.clientId)).toBe(true)
    },
  )

  it.skipIf(executable !== undefined)(
    'is not advised where only an address was asked for and cannot be saved',
    async () => {
      const home = tempHome()
      fillQueue(home, 1)
      const env = withFsFaults(home, { fail: /(create|rename) .*\.config|remove .*queue/ })
      const { code, err } = await cli(home, ['endpoint', 'http://127.0.0.1:9/t'], { env })
      expect(code).toBe(1)
      expect(err).toMatch(/The address was not changed\.\n$/)
    },
  )

  it.skipIf(executable !== undefined)(
    'is what a new address asks for first, also where it cannot be seen what waits',
    async () => {
      const home = tempHome()
      home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:9/old"\n')
      fillQueue(home, 2)
      const move = ['endpoint', 'http://127.0.0.1:9/new']
      const env = withFsFaults(home, { fail: /list .*queue$/ })
      const refused = await cli(home, move, { env })
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toContain('Sending is off, and the address is the old one, but ')
      expect(home.read(home.settings)).toContain('/old')
      const moved = await cli(home, move)
      expect(moved).toMatchObject({ code: 0 })
      expect(moved.out).toContain('2 waiting events deleted')
      expect(home.read(home.settings)).toContain('/new')
      expect(home.read(home.settings)).not.toContain('uploads')
    },
  )

  it.skipIf(executable !== undefined)(
    'stays, and is not called nothing, where the new address then cannot be written',
    async () => {
      const home = tempHome()
      home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:9/old"\n')
      fillQueue(home, 1)
      const go = home.at('go')
      const env = withFsFaults(home, { hold: { call: /remove .*queue.*json$/, go } })
      const ended = cli(home, ['endpoint', 'http://127.0.0.1:9/new'], { env })
      await eventually(() => expect(home.has(`${go}.held`)).toBe(true))
      home.write(home.settings, '[runtime.telemetry\n')
      home.write(go, '')
      const { code, err } = await ended
      expect(code).toBe(1)
      expect(err).toContain('Sending is off, and the address is the old one. Correct that first')
    },
  )

  it.skipIf(executable !== undefined).concurrent(
    'is not undone by a command that was suspended before, nor lost to another program',
    async () => {
      const call = /^fsync .*config\.toml.*tmp/
      const held = async (home: Home, args: string[]) => {
        const go = home.at('go')
        const ended = cli(home, args, { env: withFsFaults(home, { hold: { call, go } }) })
        await eventually(() => expect(home.has(`${go}.held`)).toBe(true))
        return { go: () => home.write(go, ''), ended }
      }

      const home = tempHome()
      home.write(home.settings, `# mine\n${yes}`)
      const moving = await held(home, ['endpoint', 'http://127.0.0.1:9/new'])
      expect((await cli(home, ['disable'])).code).toBe(0)
      moving.go()
      const moved = await moving.ended
      expect(moved.code).toBe(1)
      expect(moved.err).toContain('another program has changed it at the same moment')
      expect(moved.err).toContain('Run this again.')
      expect(home.read(home.settings)).toBe(`# mine\n${no}`)

      const other = tempHome()
      other.write(other.settings, yes)
      const disabling = await held(other, ['disable'])
      other.write(other.settings, `# by an editor\n${yes}`)
      disabling.go()
      expect((await disabling.ended).code).toBe(0)
      expect(other.read(other.settings)).toBe(`# by an editor\n${no}`)
    },
  )

  it.skipIf(executable !== undefined)(
    'is called neither kept nor untouched where only one of two settings files can be changed',
    async () => {
      const home = tempHome()
      const main = home.at('xdg/runmat/config.toml')
      const env = { XDG_CONFIG_HOME: home.at('xdg') }
      const both = (text: string) => [main, home.settings].map((file) => home.write(file, text))
      const failing = (file: string) => ({
        env: { ...env, ...withFsFaults(home, { fail: new RegExp(`rename .* -> ${file}$`) }) },
      })

      both('[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:9/old"\n')
      fillQueue(home, 1)
      const move = ['endpoint', 'http://127.0.0.1:9/new']
      const unmoved = await cli(home, move, failing(home.settings))
      expect(unmoved.code).toBe(1)
      expect(unmoved.err).toContain('Sending is off, and the address is the old one. Correct that')
      expect(await cliJson(home, ['status'], { env })).toMatchObject({
        endpoint: { url: 'http://127.0.0.1:9/old' },
        uploading: false,
      })

      both(no)
      const off = await cli(home, ['enable'], failing(main))
      expect(off.code).toBe(1)
      expect(off.err).toContain('Changed so far: ~/.config/runmat/config.toml. Correct that')
    },
  )

  it('says that RunMat would still send where it passes over what cannot be changed', async () => {
    const home = tempHome()
    mkdirSync(home.settings, { recursive: true })
    const silenced = await command(environmentIn(home.path), ['disable'])
    expect(silenced.err).toMatch(
      /Telemetry is off anyway[^]*keeps it off, except in\sRunMat itself\.\nRunMat itself would still send/,
    )
    rmdirSync(home.settings)
    // RunMat ends with an error when it meets this.
    home.write(home.settings, '[runtime.telemetry\n')
    const failing = await command(environmentIn(home.path), ['disable'])
    expect(failing.err).toContain('Telemetry is off anyway')
    // Once the file is corrected, the variable does not stop RunMat.
    expect(failing.err).toMatch(/keeps it\soff, except in RunMat itself\./)
    expect(failing.err).not.toContain('still send')
  })

  it('stops RunMat where status and doctor name it as the way to do so', async () => {
    const json = '.config/runmat/config.json'
    const worlds: readonly (readonly [string, (home: Home) => unknown, Env?])[] = [
      ['disable', () => undefined, { DO_NOT_TRACK: '1' }],
      ['disable', (home) => home.write(home.settings, noUploads)],
      ['disable', (home) => home.write(json, '{"telemetry": {"uploads": false}}')],
      ['disable', (home) => home.write(home.settings, ftp)],
      ['disable --here', (home) => home.write('project/runmat.toml', ftp)],
      ['disable', (home) => mkdirSync(home.at('project/runmat.toml'), { recursive: true }), doNot],
      ['disable --here', (home) => home.write('project/runmat.toml', yes), doNot],
      [
        'disable --here',
        (home) => home.write('a.toml', yes),
        { ...doNot, RUNMAT_CONFIG: 'a.toml' },
      ],
      ['replace ~/.config/runmat/config.toml', (home) => mkdirSync(home.settings, deep)],
      ['replace ~/.config/runmat/config.toml', (home) => home.write(home.settings, large)],
      [
        'replace ~/.config/runmat/config.json',
        (home) => home.write(json, `{}${' '.repeat(70_000)}`),
      ],
      ['replace ~/project/runmat.toml', (home) => home.write('project/runmat.toml', large)],
    ]
    for (const [way, prepare, variables = {}] of worlds) {
      const home = tempHome()
      prepare(home)
      const cwd = home.at('project')
      mkdirSync(cwd, deep)
      const named = variables.RUNMAT_CONFIG
      const env = { ...variables, ...(named && { RUNMAT_CONFIG: home.at(named) }) }
      const environment = environmentIn(home.path, { cwd, env })
      const { out } = await command(environment, ['status'])
      const [, said = ''] = /^To stop it: (?:runmat-telemetry )?(.*)$/m.exec(out) ?? []
      expect(said).toMatch(way.startsWith('disable') ? new RegExp(`^${way}$`) : way)
      expect((await command(environment, ['doctor'])).out).toContain(
        `but RunMat ignores that. To stop it: `,
      )
      const [, file] = /^replace ~\/(\S+) with a file/.exec(said) ?? []
      if (file === undefined) await command(environment, said.split(' '))
      else {
        rmSync(home.at(file), { recursive: true })
        home.write(
          file,
          file.endsWith('.json') ? '{"runtime": {"telemetry": {"enabled": false}}}' : no,
        )
      }
      expect(await statusIn(home, cwd, env)).toMatchObject({
        host: { enabled: false, agrees: true },
      })
    }
  })

  it.concurrent('wins over an enable at the same time', async () => {
    const home = tempHome()
    for (let round = 0; round < 5; round += 1) {
      home.write(home.settings, '# mine\n')
      const enabling = [cli(home, ['enable']), cli(home, ['enable'])]
      const disabling = [cli(home, ['disable']), cli(home, ['disable'])]
      for (const ended of await Promise.all(enabling)) expect(ended).toMatchObject({ code: 0 })
      for (const { code, err } of await Promise.all(disabling)) {
        // It may find that an enable was later, and says so.
        expect(code === 0 ? 'off' : err).toMatch(/^off$|Sending was allowed again/)
      }
      expect(home.read(home.settings)).toMatch(
        /^# mine\n\n?\[runtime\.telemetry\]\nenabled = (true|false)\n$/,
      )
      expect(readdirSync(path.dirname(home.settings))).toEqual(['config.toml'])
    }
  })
})

describe('an address of one’s own', () => {
  it('has no datagrams go to the built-in one', async () => {
    const home = tempHome()
    const udp = async () => (await statusIn(home)).udp_endpoint
    expect(await udp()).toMatchObject({ source: 'built in', address: expect.any(String) as string })
    await cli(home, ['endpoint', 'http://127.0.0.1:9/v1/t'])
    expect(await udp()).toMatchObject({ address: null })
    appendFileSync(home.settings, 'udp_endpoint = "127.0.0.1:9"\n')
    expect(await udp()).toMatchObject({ address: '127.0.0.1:9' })
  })
})

describe.skipIf(!isRoot)('settings of another user', () => {
  it('are named, and take no address', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nshow_payloads = false\n')
    const nobodyElse = 12_345
    chownSync(home.settings, nobodyElse, nobodyElse)
    const before = home.read(home.settings)
    const refused = await cli(home, ['endpoint', 'http://127.0.0.1:9/v1/t'])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('config.toml belongs to another user.')
    expect(home.read(home.settings)).toBe(before)
    expect((await cli(home, ['status'])).out).toContain('config.toml belongs to another user.')
  })
})

describe('a project', () => {
  it('is not what turns telemetry on', async () => {
    const home = tempHome()
    home.write('project/runmat.toml', yes)
    const cwd = home.at('project')
    expect(await statusIn(home, cwd)).toMatchObject({ collecting: true, decided_by: 'default' })
    home.write(home.settings, yes)
    expect(await statusIn(home, cwd)).toMatchObject({ decided_by: 'user_settings' })
  })

  it('may only take away', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\ndrain_timeout_ms = 40\n')
    const loud =
      '[runtime.telemetry]\nudp_endpoint = "p.invalid:1"\nhttp_endpoint = "https://p.invalid"\n' +
      'show_payloads = true\nsync_mode = true\ndrain_timeout_ms = 4000\nrequire_ingestion_key = false\n'
    home.write('project/runmat.toml', loud)
    const cwd = home.at('project')
    const status = await statusIn(home, cwd, { RUNMAT_TELEMETRY_KEY: undefined })
    expect(status).toMatchObject({
      endpoint: { source: 'built in' },
      udp_endpoint: { source: 'built in' },
      decided_by: 'ingestion_key',
      host: { http_endpoint: 'https://p.invalid', udp_endpoint: 'p.invalid:1' },
    })
    home.write('project/runmat.toml', '[runtime.telemetry]\nudp_endpoint = ""\n')
    expect(await statusIn(home, cwd)).toMatchObject({ udp_endpoint: { address: null } })
  })

  it('cannot make us show the text of another file', async () => {
    const home = tempHome()
    for (const text of [
      `[default]\naws_access_key_id = ${secret}\n`,
      `${secret}\n`,
      `a = 1\n${secret} = \n`,
      `{"${secret}": `,
      `{"a" "${secret}"}`,
      `${secret}.enabled = x\n`,
      `password.enabled = ${secret}\n`,
      `a.${secret}.uploads =\n`,
    ]) {
      for (const name of ['runmat.toml', 'runmat.json']) {
        home.write('credentials', text)
        const project = home.at(`${name}-${Math.random()}`)
        mkdirSync(project)
        symlinkSync(home.at('credentials'), path.join(project, name))
        const environment = environmentIn(home.path, { cwd: project })
        for (const args of [['status'], ['status', '--json'], ['doctor'], ['disable', '--here']]) {
          const { out, err } = await command(environment, args)
          expect(out + err).not.toContain(secret)
        }
        const { rules } = await statusIn(home, project)
        expect(rules).toContainEqual(
          expect.objectContaining({ rule: 'invalid_settings', effect: 'off' }),
        )
      }
    }
  })
})

describe.skipIf(!isRoot)('a file or home of another user', () => {
  it('cannot make us show the text of another file', async () => {
    const home = tempHome()
    home.write('credentials', `${secret}\n`)
    mkdirSync(path.dirname(home.settings), { recursive: true })
    symlinkSync(home.at('credentials'), home.settings)
    const shown = async () => {
      const ends = []
      for (const word of ['status', 'doctor', 'enable', 'disable', 'endpoint']) {
        ends.push(await command(environmentIn(home.path), [word]))
      }
      return ends.map(({ out, err }) => out + err).join('')
    }
    expect(await shown()).toContain(secret)
    lchownSync(home.settings, 12_345, 12_345)
    expect(await shown()).not.toContain(secret)
  })

  it('may turn telemetry off and do nothing else', async () => {
    const home = tempHome()
    const file = home.write(
      home.settings,
      '[runtime.telemetry]\nhttp_endpoint = "https://x.invalid"\n',
    )
    expect(await statusIn(home)).toMatchObject({ endpoint: { url: 'https://x.invalid' } })
    chownSync(file, 12_345, 12_345)
    expect(await statusIn(home)).toMatchObject({ endpoint: { source: 'built in' } })
    writeFileSync(file, '[runtime.telemetry]\nenabled = false\n')
    expect(await statusIn(home)).toMatchObject({ decided_by: 'user_settings', collecting: false })
    chownSync(file, 0, 0)
    writeFileSync(file, '[runtime.telemetry]\nhttp_endpoint = "https://x.invalid"\n')
    chmodSync(path.dirname(file), 0o777)
    expect(await statusIn(home)).toMatchObject({ endpoint: { source: 'built in' } })
  })

  it('is not written to by root', async () => {
    const home = tempHome()
    mkdirSync(home.at('ann'))
    chownSync(home.at('ann'), 12_345, 12_345)
    const env = { HOME: home.at('ann') }
    for (const args of [['disable'], ['enable'], ['local'], ['status'], ['endpoint', '']]) {
      const ended = await cli(home, args, { env })
      expect(ended).toMatchObject({ code: 1, out: '' })
      expect(ended.err).toMatch(/You are root, and .* is the home folder of another user/)
    }
    expect(readdirSync(home.at('ann'))).toEqual([])
  })
})

describe.skipIf(process.platform === 'win32')('an address', () => {
  it('is refused where others could replace the file that would have it', async () => {
    const home = tempHome()
    chmodSync(home.path, 0o777)
    const environment = environmentIn(home.path)
    for (const make of [() => false, () => home.write(home.settings, '')]) {
      make()
      const refused = await command(environment, ['endpoint', 'https://example.invalid/t'])
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.err).toContain(
        'would not count, so nothing was changed. Let only yourself write to that folder (chmod go-w)',
      )
    }
    expect((await command(environment, ['doctor'])).out).toContain(
      'It can only turn telemetry off. Let only yourself write to that folder (chmod go-w).\n',
    )
    expect(home.read(home.settings)).toBe('')
    // The opt-out counts all the same.
    expect(await command(environment, ['disable'])).toMatchObject({ code: 0 })
  })
})

describe('the collector', () => {
  it('can stop a version until the host has another one', async () => {
    const home = tempHome()
    const gone = { version: '0.6.1', at: '2026-11-28T00:00:00Z' }
    home.write(path.join(home.state, 'uploads.json'), JSON.stringify({ gone }))
    const stats = (version: string) =>
      home.write(path.join(home.state, 'stats.json'), JSON.stringify({ version }))
    stats('0.6.1')
    expect(await statusIn(home)).toMatchObject({ decided_by: 'collector', uploading: false })
    stats('0.6.2')
    expect(await statusIn(home)).toMatchObject({ decided_by: 'default', uploading: true })
  })
})

describe('doctor', () => {
  it('finds nothing wrong in an empty home and writes nothing', async () => {
    const home = tempHome()
    const { code, out } = await cli(home, ['doctor', '--json'])
    expect(code).toBe(0)
    const { checks } = JSON.parse(out) as { checks: { id: string; status: string }[] }
    expect(checks.every((check) => check.status !== 'fault')).toBe(true)
    expect(Object.keys(checks[0] ?? {})).toEqual(['id', 'status', 'message', 'hint'])
    expect(readdirSync(home.path)).toEqual([])
  })

  it('says that nothing is to be sent, not that telemetry is off, where it counts on', async () => {
    const home = tempHome()
    home.write(home.settings, noUploads)
    const { out } = await command(environmentIn(home.path), ['doctor'])
    expect(out).toContain('Sending is off, but RunMat ignores that. To stop it: ')
  })

  it('warns of a project whose file sends what RunMat sends somewhere else', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nudp_endpoint = "127.0.0.1:7"\n')
    const cwd = home.at('project')
    const hostCheck = async (settings: string) => {
      home.write('project/runmat.toml', `[runtime.telemetry]\n${settings}`)
      const { out } = await command(environmentIn(home.path, { cwd }), ['doctor', '--json'])
      const { checks } = JSON.parse(out) as { checks: { id: string; [key: string]: unknown }[] }
      return checks.filter(({ id }) => id === 'host')
    }
    const warning = (where: string) => [
      expect.objectContaining({
        status: 'warning',
        hint:
          `With this project's file, RunMat's telemetry goes to ${where}, which you did not choose. ` +
          'To stop it: runmat-telemetry disable --here',
      }),
    ]
    expect(await hostCheck('http_endpoint = "https://p.invalid/t"\n')).toEqual(
      warning('https://p.invalid/t'),
    )
    expect(await hostCheck('udp_endpoint = "p.invalid:1"\n')).toEqual(warning('p.invalid:1 by UDP'))
    const both = 'http_endpoint = "https://p.invalid/t"\nudp_endpoint = "p.invalid:1"\n'
    expect(await hostCheck(both)).toEqual(warning('https://p.invalid/t and p.invalid:1 by UDP'))
    const ok = [expect.objectContaining({ status: 'ok' })]
    for (const same of ['', 'udp_endpoint = "127.0.0.1:7"\n', 'udp_endpoint = ""\n']) {
      expect(await hostCheck(same)).toEqual(ok)
    }
    expect(await hostCheck('enabled = false\nhttp_endpoint = "https://p.invalid/t"\n')).toEqual(ok)
  })

  it('names the keys that RunMat refuses, but those of a project only by their lines', async () => {
    const home = tempHome()
    const text = `[runtime]\nbar = 1\n[runtime.telemetry]\n\n${secret} = 2\n`
    home.write(home.settings, text)
    const own = await cli(home, ['doctor'])
    expect(own.out).toMatch(/1 unknown key in runtime: "bar"\. Remove it: RunMat refuses/)
    expect(own.out).toContain(`1 unknown key in runtime.telemetry: "${secret}"`)
    rmSync(home.settings)
    home.write('project/runmat.toml', text)
    const { out } = await cli(home, ['doctor'], { cwd: home.at('project') })
    expect(out).toMatch(/1 unknown key in runtime: line 2\./)
    expect(out).toMatch(/1 unknown key in runtime\.telemetry: line 5\./)
    expect(out).not.toContain(secret)
  })

  it('names what is wrong and exits with 1', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nenabeld = true\nfoo = 1\n')
    home.write(path.join(home.state, 'set-aside/x.json'), 'x')
    const { code, out } = await cli(home, ['doctor'], {
      env: { NODE_EXTRA_CA_CERTS: undefined, HTTPS_PROXY: 'http://u:hidden@p.invalid' },
    })
    expect(code).toBe(1)
    expect(out).toMatch(/^fault: .*config\.toml:2.*did you mean enabled/m)
    expect(out).toMatch(/^warning: .*2 unknown keys in runtime\.telemetry: "/m)
    expect(out).toMatch(/^warning: 1 file that held no event was set aside/m)
    expect(out).toContain('HTTPS_PROXY')
    expect(out).not.toContain('hidden')
  })
})
