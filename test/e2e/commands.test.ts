import { randomUUID } from 'node:crypto'
import { readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { installEvent } from '../../src/contract/install.ts'
import { fillQueue } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { cli, cliCommand, cliJson, run } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'

const quoted = cliCommand.map((word) => JSON.stringify(word)).join(' ')

const id = '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'

describe('disable and enable', () => {
  it.concurrent('write a private file and name it', async () => {
    const home = tempHome()
    const off = await cli(home, ['disable'])
    expect(off).toMatchObject({ code: 0, err: '' })
    expect(off.out).toMatch(/is off, for good/)
    expect(home.read(home.settings)).toBe('[runtime.telemetry]\nenabled = false\n')
    expect(statSync(home.settings).mode & 0o777).toBe(0o600)
    expect(statSync(home.at('.config', 'runmat')).mode & 0o777).toBe(0o700)
    expect(readdirSync(home.at('.config', 'runmat'))).toEqual(['config.toml'])
    expect(await cliJson(home, ['status'])).toMatchObject({
      collecting: false,
      decided_by: 'user_settings',
    })
    await cli(home, ['--enable'])
    expect(home.read(home.settings)).toBe('[runtime.telemetry]\nenabled = true\n')
    expect(await cliJson(home, ['--status'])).toMatchObject({
      collecting: true,
      decided_by: 'user_settings',
    })
  })

  it.concurrent('report what they did as JSON, even if there was nothing to do', async () => {
    const home = tempHome()
    const file = home.settings
    const off = { file, collecting: false, uploading: false, decided_by: 'user_settings', wiped: 0 }
    expect(await cliJson(home, ['disable'])).toEqual({ changed: true, ...off })
    expect(await cliJson(home, ['--disable'])).toEqual({ changed: false, ...off })
    expect(await cliJson(home, ['enable'])).toMatchObject({ changed: true, collecting: true })
  })

  it.concurrent('enable takes back an opt-out in the older spelling, too', async () => {
    const home = tempHome()
    home.write(home.settings, '# mine\n[telemetry]\nenabled = false # for now\nuploads = true\n')
    expect(await cliJson(home, ['status'])).toMatchObject({ decided_by: 'user_settings' })
    expect(await cliJson(home, ['enable'])).toMatchObject({ changed: true, collecting: true })
    expect(home.read(home.settings)).toBe(
      '# mine\n[telemetry]\n# for now\nuploads = true\n\n[runtime.telemetry]\nenabled = true\n',
    )
    expect(await cliJson(home, ['enable'])).toMatchObject({ changed: false })
  })

  it.concurrent('enable says where events go, if that is not the built-in address', async () => {
    const home = tempHome()
    const isNamed =
      /^Endpoint: https:\/\/example\.invalid\/t \(~\/\.config\/runmat\/config\.toml:3\)$/m
    expect((await cli(home, ['enable'])).out).not.toContain('Endpoint')
    await cli(home, ['endpoint', 'https://example.invalid/t'])
    expect((await cli(home, ['enable'])).out).toMatch(isNamed)
    await cli(home, ['disable'])
    expect((await cli(home, ['enable'])).out).toMatch(isNamed)
    expect((await cli(home, ['enable'], { env: { DO_NOT_TRACK: '1' } })).out).not.toMatch(isNamed)
  })

  it.concurrent('enable names the rule that still keeps it off', async () => {
    const home = tempHome()
    home.write('.runmat/config.toml', 'telemetry.enabled = false\n')
    const { out, code } = await cli(home, ['enable'], { env: { DO_NOT_TRACK: '1' } })
    expect(code).toBe(0)
    expect(out).toMatch(/stays off for other reasons:/)
    expect(out).toMatch(/DO_NOT_TRACK=1 is set/)
    expect(out).toMatch(/~\/\.runmat\/config\.toml:1/)
    expect(out).toContain('RunMat itself ignores that, and sends from here.')
  })

  it.concurrent('keep the rest of the file, its mode, and a symbolic link', async () => {
    const home = tempHome()
    const before =
      '# mine\r\n[jit]  # fast\r\nlevel = 3\r\n\r\n[runtime]\r\nx = "# [runtime.telemetry]"'
    home.write('dotfiles/runmat.toml', before)
    home.write('.config/runmat/.keep', '')
    symlinkSync(home.at('dotfiles/runmat.toml'), home.settings)
    await cli(home, ['disable'])
    expect(home.read('dotfiles/runmat.toml')).toMatch(
      /^# mine\r\n\[jit\] {2}# fast\r\nlevel = 3\r\n/,
    )
    expect(home.read('dotfiles/runmat.toml')).toMatch(/\[runtime\.telemetry\]\r\nenabled = false$/)
    expect(readdirSync(home.at('dotfiles'))).toEqual(['runmat.toml'])
    expect(statSync(home.at('dotfiles/runmat.toml')).mode & 0o777).toBe(0o644)
  })
})

describe('endpoint', () => {
  it.concurrent('shows, sets, forbids and resets', async () => {
    const home = tempHome()
    expect((await cli(home, ['endpoint'])).out).toBe(
      'Endpoint: https://api.runmat.com/v1/t (built in)\n',
    )
    expect(home.has('.config')).toBe(false)
    await cli(home, ['--endpoint', 'https://example.invalid/t'])
    expect(await cliJson(home, ['endpoint'])).toEqual({
      url: 'https://example.invalid/t',
      source: `${home.settings}:2`,
      host: expect.objectContaining({ http_endpoint: 'https://example.invalid/t', agrees: true }),
    })
    const none = await cli(home, ['--endpoint', ''])
    expect(none.out).toMatch(
      /^This tool and programs that use its library send nothing from now on; counting goes on\.\nSend again: runmat-telemetry endpoint https:\/\/example\.invalid\/t\nWarning: RunMat itself does not know this setting and would still send from here\.\nTo stop it: runmat-telemetry disable\n$/,
    )
    expect((await cli(home, ['endpoint'])).out).toMatch(
      /^Endpoint: https:\/\/example\.invalid\/t .*\nRunMat telemetry counts on this machine, and sends nothing, except from\sRunMat\sitself\.\nSending is turned off in .*\nSend again: runmat-telemetry endpoint /,
    )
    expect(await cliJson(home, ['status'])).toMatchObject({
      collecting: true,
      uploading: false,
      decided_by: 'uploads',
    })
    const { host } = await cliJson(home, ['status'])
    expect(host).toMatchObject({ enabled: true, agrees: false })
    expect(await cliJson(home, ['endpoint'])).toMatchObject({ host })
    expect(await cliJson(home, ['local'])).toMatchObject({ uploading: false, host })
    const back = await cli(home, ['endpoint', '--reset'])
    expect(back.out).toMatch(/https:\/\/api\.runmat\.com\/v1\/t \(built in\)/)
    expect(await cliJson(home, ['status'])).toMatchObject({ uploading: true })
    expect(home.read(home.settings)).not.toMatch(/http_endpoint|uploads/)
  })

  it.concurrent('sends events to a new address set after an empty one', async () => {
    const home = tempHome()
    for (const none of [['endpoint', ''], ['local']]) {
      await cli(home, none)
      expect(await cliJson(home, ['status'])).toMatchObject({ uploading: false })
      const { out } = await cli(home, ['endpoint', 'https://example.invalid/t'])
      expect(out).toMatch(/^Endpoint: https:\/\/example\.invalid\/t/)
      expect(await cliJson(home, ['status'])).toMatchObject({
        uploading: true,
        endpoint: { url: 'https://example.invalid/t' },
      })
    }
  })

  it.concurrent('deletes events that wait for the old address, unless --keep-queue is given', async () => {
    const home = tempHome()
    fillQueue(home, 3)
    const kept = ['endpoint', 'https://example.invalid/1', '--keep-queue']
    expect(await cliJson(home, kept)).toMatchObject({ wiped: 0, uploading: true })
    const wiped = await cliJson(home, ['endpoint', 'https://example.invalid/2'])
    expect(wiped).toMatchObject({ wiped: 3, uploading: true })
    expect(home.read(home.settings)).not.toContain('uploads')
  })

  it.concurrent('is never taken from a project', async () => {
    const home = tempHome()
    home.write('runmat.toml', '[runtime.telemetry]\nhttp_endpoint = "https://project.invalid/t"\n')
    expect(await cliJson(home, ['endpoint'])).toMatchObject({ source: 'built in' })
    const { out } = await cli(home, ['status'])
    expect(out).not.toContain('Runs in this folder')
    expect(out).toContain('Endpoint: https://api.runmat.com/v1/t (built in)')
  })
})

describe('print', () => {
  it.concurrent('prints exactly one event and says if zeros replace the id', async () => {
    const home = tempHome()
    const { out, err, code } = await cli(home, ['print'])
    expect(code).toBe(0)
    expect(err).toMatch(/No client id exists yet/)
    const event = JSON.parse(out) as Record<string, unknown>
    expect(out).toBe(`${JSON.stringify(event)}\n`)
    expect(event).toMatchObject({
      trigger: 'preview',
      install_id: '00000000-0000-0000-0000-000000000000',
      sequence: 1,
      subcommand_counts: {},
    })
    home.write(home.clientId, id)
    const known = await cli(home, ['--print', '--raw'])
    expect(known.err).toBe('')
    expect(JSON.parse(known.out)).toMatchObject({ install_id: id, version: '0.0.0' })
  })

  it.concurrent('works while telemetry is off', async () => {
    const { out, code } = await cli(tempHome(), ['print'], { env: { DO_NOT_TRACK: '1' } })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ trigger: 'preview' })
  })

  it.concurrent('explains every field that it prints, and no other', async () => {
    const home = tempHome()
    const event = JSON.parse((await cli(home, ['print'])).out) as object
    const notes = await cliJson<{ field: string; carries: string; why: string }[]>(home, [
      'print',
      '--explain',
    ])
    expect(notes.map(({ field }) => field)).toEqual(Object.keys(event))
    expect(notes.every(({ carries, why }) => carries !== '' && why !== '')).toBe(true)
    const { out } = await cli(home, ['print', '--explain'])
    for (const field of Object.keys(event)) expect(out).toContain(`\n${field}\n`)
  })

  it.concurrent('prints every field that an installer sends', async () => {
    for (const step of [[], ['--started']]) {
      const { out } = await cli(tempHome(), ['print', 'install', ...step])
      expect(Object.keys(JSON.parse(out) as object)).toEqual(Object.keys(installEvent.fields))
    }
  })

  it.concurrent('prints the same bytes that record queues', async () => {
    const home = tempHome()
    const claim = '{"subcommand":"run","outcome":"success","engine":"jit","version":"0.6.1"}'
    await cli(home, ['record', 'usage'], { input: claim })
    const queued = (await cli(home, ['print', '--queued'])).out.trimEnd().split('\n')
    const last = JSON.parse(queued.at(-1) ?? '') as Record<string, unknown>
    const preview = JSON.parse((await cli(home, ['print'])).out) as Record<string, unknown>
    expect(Object.keys(preview)).toEqual(Object.keys(last))
    const { event_id: _, sequence, trigger, trigger_ts: __, ...same } = preview
    expect(last).toMatchObject(same)
    expect({ sequence, trigger }).toEqual({ sequence: queued.length + 1, trigger: 'preview' })
  })

  it.concurrent('shows nothing of the counts that ended with a deleted id', async () => {
    const home = tempHome()
    const input = '{"subcommand":"run","outcome":"success","version":"0.6.1"}'
    await cli(home, ['record', 'usage'], { input })
    const earlier = new Date(Date.now() - 86_400_000).toISOString().replace(/\..*/, 'Z')
    const stats = path.join(home.state, 'stats.json')
    home.write(stats, home.read(stats).replace(/"first_seen":"[^"]*"/, `"first_seen":"${earlier}"`))
    expect((await cli(home, ['print'])).out).toContain(`"first_seen":"${earlier}"`)
    rmSync(home.clientId)
    const preview: unknown = JSON.parse((await cli(home, ['print'])).out)
    expect(preview).toMatchObject({ sequence: 1, subcommand_counts: {}, version: '0.6.1' })
    expect(preview).not.toMatchObject({ first_seen: earlier })
  })
})

describe('print --queued', () => {
  it.concurrent('prints what waits, of one family or of all, and says which is empty', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:9/t"\n')
    fillQueue(home, 2)
    const all = (await cli(home, ['print', '--queued'])).out
    expect((await cli(home, ['print', '--queued', 'usage'])).out).toBe(all)
    for (const family of ['runtime', 'install']) {
      const { out, err, code } = await cli(home, ['print', family, '--queued'])
      expect({ out, code }).toEqual({ out: '', code: 0 })
      expect(err).toBe(`No ${family} event is waiting to be sent.\n`)
    }
    const input = JSON.stringify({ event_label: 'install_start', method: 'shell' })
    await cli(home, ['record', 'install'], { input })
    const { out } = await cli(home, ['print', '--queued', 'install'])
    expect(out).toMatch(/^\{"event_label":"install_start".*\}\n$/)
    expect((await cli(home, ['print', '--queued', 'usage'])).out).toBe(all)
    const everything = (await cli(home, ['print', '--queued'])).out
    expect(everything.split('\n').toSorted()).toEqual((all + out).split('\n').toSorted())
  })
})

describe.skipIf(!requireTool('script')).concurrent('print --queued in a terminal', () => {
  it.each([
    [[], true],
    [['--raw'], false],
    [['--json'], false],
  ])('indents what waits as print does; with %j: %j', async (options, isIndented) => {
    const home = tempHome()
    const [event] = fillQueue(home, 1)
    const terminal = openTerminal(home, [...cliCommand, 'print', '--queued', ...options])
    expect(await terminal.ended).toBe(0)
    const shown = terminal.shown().replaceAll('\r', '')
    const form = JSON.stringify(JSON.parse(event?.bytes ?? ''), undefined, 2)
    expect(shown).toContain(isIndented ? `${form}\n` : `${event?.bytes}\n`)
  })
})

describe('--help', () => {
  it.concurrent('has no line that is wider than 80 columns', async () => {
    const { out } = await cli(tempHome(), ['--help'])
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe('print with an id', () => {
  it.concurrent('shows the waiting event with that id, byte for byte', async () => {
    const home = tempHome()
    const [, event] = fillQueue(home, 3)
    const runtime = { event_label: 'runtime.run.started', uuid: randomUUID(), cid: id }
    const foreign = JSON.stringify({
      ...runtime,
      session_id: randomUUID(),
      os: 'linux',
      arch: 'x86_64',
      release: '0.6.1',
      run_kind: 'script',
      payload: { jit_enabled: true, accelerate_enabled: false },
    })
    home.write(path.join(home.state, 'queue/of-another-program.json'), foreign)
    for (const [wanted, bytes] of [
      [event?.id, event?.bytes],
      [event?.id.toUpperCase(), event?.bytes],
      [runtime.uuid, foreign],
    ]) {
      const ended = await cli(home, ['print', wanted ?? '', '--json'])
      expect(ended).toMatchObject({ code: 0, out: `${bytes}\n`, err: '' })
    }
    const prefix = runtime.uuid.slice(0, 12)
    expect((await cli(home, ['print', prefix])).out).toBe(`${foreign}\n`)
  })

  it.concurrent('fails if the beginning of an id fits several events', async () => {
    const home = tempHome()
    const [event] = fillQueue(home, 1)
    for (const at of [1, 2]) {
      const same = `0123456${at}-0000-4000-8000-000000000000`
      const bytes = event?.bytes.replace(event.id, same) ?? ''
      home.write(path.join(home.state, `queue/${at}.json`), bytes)
    }
    const both = await cli(home, ['print', '0123456'])
    expect(both).toMatchObject({ code: 1, out: '' })
    expect(both.err).toContain('2 events wait under ids that begin with 0123456')
  })

  it.concurrent('fails if no event has the id, and for options that don’t go with an id', async () => {
    const home = tempHome()
    const none = await cli(home, ['print', id])
    expect(none).toMatchObject({ code: 1, out: '' })
    expect(none.err).toContain(`No event waits under the id ${id}.`)
    expect(none.err).toContain('print --queued')
    for (const option of ['--queued', '--schema', '--explain']) {
      expect(await cli(home, ['print', id, option])).toMatchObject({ code: 2, out: '' })
    }
    const neither = await cli(home, ['print', id.slice(1)])
    expect(neither.code).toBe(2)
    expect(neither.err).toContain('usage, runtime, install, and the ids')
    const short = await cli(home, ['print', '1'])
    expect(short).toMatchObject({ code: 2, out: '' })
    expect(short.err).toContain(
      'the ids that print --queued shows, or at least their first 4 characters.',
    )
  })
})

describe('record', () => {
  it.concurrent('queues the start and the end of a run, and each of them once', async () => {
    const home = tempHome()
    const facts = { session_id: randomUUID(), run_kind: 'script' }
    const events = [
      {
        event_label: 'runtime.run.started',
        payload: { jit_enabled: true, accelerate_enabled: false },
      },
      { event_label: 'runtime.run.finished', payload: { duration_us: 4412, success: true } },
    ]
    for (const event of [...events, ...events]) {
      const input = JSON.stringify({ ...event, ...facts })
      expect(await cli(home, ['record', 'runtime'], { input })).toMatchObject({ code: 0 })
    }
    const queued = (await cli(home, ['print', '--queued'])).out.trimEnd().split('\n')
    const runs = queued.filter((line) => line.includes(facts.session_id))
    expect(runs).toEqual(
      events.map(({ event_label: label }) => expect.stringContaining(`"event_label":"${label}"`)),
    )
    expect(new Set(runs.map((line) => (JSON.parse(line) as { uuid: string }).uuid)).size).toBe(2)
  })

  it.concurrent('accepts what Windows PowerShell pipes', async () => {
    const home = tempHome()
    const input = '\uFEFF{"subcommand":"run","version":"0.6.1"}\r\n'
    expect(await cli(home, ['record', 'usage'], { input })).toMatchObject({ code: 0 })
    const broken = input.replace('{', '\uFEFF{')
    expect(await cli(home, ['record', 'usage'], { input: broken })).toMatchObject({ code: 2 })
  })
})

describe('the output', () => {
  it.concurrent('is the status if no command is given, and JSON wherever --json stands', async () => {
    const home = tempHome()
    expect((await cli(home, [])).out).toBe((await cli(home, ['status'])).out)
    const { out: json } = await cli(home, ['status', '--json'])
    expect((await cli(home, ['--json'])).out).toBe(json)
    expect((await cli(home, ['--json', 'status'])).out).toBe(json)
  })

  it.concurrent('is plain without a terminal, and coloured if colour is forced', async () => {
    const home = tempHome()
    const plain = await cli(home, ['status'])
    expect(plain.out).not.toContain('\u001b')
    const coloured = await cli(home, ['status'], { env: { FORCE_COLOR: '1' } })
    expect(coloured.out).toContain('\u001b[')
    const refused = await cli(home, ['status'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
    expect(refused.out).toBe(plain.out)
    // oxlint-disable-next-line no-control-regex -- colour only repeats what the words say
    expect(coloured.out.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain.out)
  })

  it.concurrent('fits into 60 columns except for paths, and is plain ASCII', async () => {
    const home = tempHome()
    home.write(home.clientId, id)
    for (const args of [['status'], ['print', '--explain'], ['enable'], ['disable'], ['log']]) {
      const { out } = await cli(home, args)
      const wide = out.split('\n').filter((line) => line.length > 60 && !line.includes('/'))
      expect(wide).toEqual([])
      expect(out).toMatch(/^[\n\u0020-\u007e]*$/)
    }
  })

  it.concurrent('contains no control characters from outside', async () => {
    const { out } = await cli(tempHome(), ['status'], { env: { DO_NOT_TRACK: '\u001b[2J\u202e1' } })
    expect(out).toContain('DO_NOT_TRACK=?[2J?1')
  })

  it.concurrent('ends silently when its reader closes the pipe', async () => {
    const home = tempHome()
    const script = `{ ${quoted} print --explain; echo "$?" >&2; } | true`
    expect(await run('sh', ['-c', script], home)).toMatchObject({ out: '', err: '0\n' })
  })

  it.concurrent('makes the command fail if it cannot be written', async () => {
    const script = `${quoted} status > /dev/full`
    const { code, err } = await run('sh', ['-c', script], tempHome())
    expect(code).toBe(1)
    expect(err).toMatch(/^runmat-telemetry: Cannot write the output: the disk is full\.\n$/)
  })
})

describe('XDG folders', () => {
  it.concurrent('are used if absolute and ignored if not', async () => {
    const home = tempHome()
    const given = { XDG_CONFIG_HOME: home.at('c'), XDG_CACHE_HOME: home.at('k') }
    const paths = async (env: Record<string, string>) =>
      (await cliJson<{ paths: Record<string, string> }>(home, ['status'], { env })).paths
    expect(await paths(given)).toMatchObject({
      settings: home.at('c/runmat/config.toml'),
      stats: home.at('k/runmat/telemetry/stats.json'),
      client_id: home.clientId,
    })
    expect(await paths({ XDG_CONFIG_HOME: 'c', XDG_CACHE_HOME: './k' })).toMatchObject({
      settings: home.settings,
      queue: home.at('.cache/runmat/telemetry/queue'),
      lock: home.at('.cache/runmat/telemetry/.lock'),
      sent: home.at('.cache/runmat/telemetry/sent.ndjson'),
    })
  })
})
