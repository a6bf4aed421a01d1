import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'

import { describe, expect, it } from 'vitest'

import { fillQueue } from '../support/events.ts'
import { tempHome, type Home } from '../support/home.ts'
import { cli, cliCommand, cliJson, type Ended, run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'

type Env = Readonly<Record<string, string>>

const writers = [
  ['enable'],
  ['disable'],
  ['endpoint', 'https://example.invalid/t'],
  ['endpoint', ''],
]

const keepsItOff =
  /RUNMAT_NO_TELEMETRY=1\sin\sthe\senvironment\skeeps\sit\soff,\sexcept\sin\sRunMat\sitself\./

/** One line that says what is wrong, one that says what to do; never a stack trace. */
function expectRefusal({ code, out, err }: Ended, ...parts: readonly (string | RegExp)[]): void {
  expect(out).toBe('')
  expect(err).not.toMatch(/\n\s+at |Error:|undefined|\[object/)
  for (const part of parts) expect(err).toMatch(part)
  expect(code).toBe(1)
}

describe('a settings file that is not TOML', () => {
  const broken = '# mine\n[runtime.telemetry]\nenabled = flase\n'

  it.concurrent('turns telemetry off, and status marks the error with a caret', async () => {
    const home = tempHome()
    home.write(home.settings, broken)
    const { out, code } = await cli(home, ['status'])
    expect(code).toBe(0)
    expect(out).toMatch(/^RunMat telemetry is off\.\n/)
    expect(out).toMatch(/config\.toml:3:11: invalid TOML/)
    expect(out).toMatch(/3: {2}enabled = flase\n\s+\^/)
    const status = await cliJson<{ decided_by: string; rules: unknown[] }>(home, ['status'])
    expect(status.decided_by).toBe('invalid_settings')
    expect(status.rules).toContainEqual(
      expect.objectContaining({ source: `${home.settings}:3:11`, effect: 'off' }),
    )
  })

  it.concurrent.each(writers)('is not touched by %s %s', async (...args) => {
    const home = tempHome()
    home.write(home.settings, broken)
    const ended = await cli(home, args)
    const isOptOut = args[0] === 'disable' || args[1] === ''
    expectRefusal(ended, /config\.toml:3:11/, isOptOut ? keepsItOff : 'Nothing was changed.')
    // Nobody who wants to turn it on asks how to turn it off.
    expect(ended.err.includes('RUNMAT_NO_TELEMETRY')).toBe(isOptOut)
    expect(home.read(home.settings)).toBe(broken)
  })

  it.concurrent.each(['runmat.toml', '.runmat/config.toml'])(
    'turns telemetry off in %s too',
    async (file) => {
      const home = tempHome()
      home.write(file, '[x\n')
      const status = await cliJson<{ decided_by: string }>(home, ['status'])
      expect(status.decided_by).toBe('invalid_settings')
    },
  )
})

describe('a value of the wrong type', () => {
  it.concurrent.each([
    ['enabled = "no"', /runtime\.telemetry\.enabled must be true or false, not the text "no"/],
    ['enabled = 0', /must be true or false, not 0/],
    ['http_endpoint = 5', /http_endpoint must be text in quotes, not 5/],
    ['http_endpoint = "ftp://x.invalid"', /http_endpoint starts with ftp:/],
    ['http_endpoint = "http://x.invalid"', /plain http to another machine/],
    ['udp_endpoint = "nowhere"', /udp_endpoint is not host:port/],
    ['udp_endpoint = "x.invalid:99999"', /port outside 1 to 65535/],
    ['queue_size = -1', /queue_size must be a whole number/],
    ['drain_mode = "some"', /drain_mode must be "all" or "none"/],
    ['drain_timeout_ms = 1.5', /whole number, 0 or more, not 1\.5/],
  ])(
    '%s turns telemetry off, is reported with its line, and is not overwritten',
    async (line, fault) => {
      const home = tempHome()
      const text = `[runtime.telemetry]\n# what?\n${line}\n`
      home.write(home.settings, text)
      const { out } = await cli(home, ['status'])
      expect(out).toMatch(/telemetry is off/)
      expect(out).toMatch(/config\.toml:3: /)
      expect(out).toMatch(fault)
      expectRefusal(await cli(home, ['enable']), fault, 'Nothing was changed.')
      expect(home.read(home.settings)).toBe(text)
    },
  )
})

describe('a settings file that cannot be used', () => {
  it.concurrent.each<[string, (home: Home) => void, RegExp]>([
    ['a folder', (home) => mkdirSync(home.settings, { recursive: true }), /it is a folder/],
    [
      'a broken link',
      (home) => {
        home.write('.config/runmat/.keep', '')
        symlinkSync('/nowhere/at/all', home.settings)
      },
      /symbolic link to a file that does not exist/,
    ],
    ['not UTF-8', (home) => home.write(home.settings, Buffer.from([0x61, 0xff])), /not UTF-8/],
    ['huge', (home) => home.write(home.settings, '#'.repeat(2_000_000)), /larger than/],
    ['a device', (home) => deviceAt(home), /not a regular file/],
    ['a socket', (home) => socketAt(home), /not a regular file/],
    ['below a file', (home) => home.write('.config', 'x'), /toml:\s~\/\.config is not a\sfolder/],
    [
      'below a broken link',
      (home) => symlinkSync('/nowhere/at/all', home.at('.config')),
      /toml: ~\/\.config is a symbolic link to a folder that does not exist/,
    ],
  ])('%s turns telemetry off and is not overwritten', async (_, make, fault) => {
    const home = tempHome()
    make(home)
    const { out, code } = await cli(home, ['status'])
    expect(code).toBe(0)
    expect(out).toMatch(/telemetry is off/)
    expect(out).toMatch(fault)
    expectRefusal(await cli(home, ['disable']), fault, 'RUNMAT_NO_TELEMETRY=1')
  })

  it.concurrent('below a broken link is nothing that doctor calls writable', async () => {
    const home = tempHome()
    symlinkSync('/nowhere/at/all', home.at('.config'))
    const { out } = await cli(home, ['doctor'])
    expect(out).toMatch(/^fault: .*config\.toml cannot be written\./m)
  })
})

describe('where no settings can be saved', () => {
  const no = '[runtime.telemetry]\nenabled = false\n'

  it.concurrent.each<[string, string, (home: Home) => unknown, (home: Home) => Env]>([
    [
      'for a folder in their place',
      'replace ~/.config/runmat/config.toml with a file that has enabled = false under [runtime.telemetry].',
      (home) => mkdirSync(home.settings, { recursive: true }),
      (home) => {
        rmSync(home.settings, { recursive: true })
        home.write(home.settings, no)
        return {}
      },
    ],
    [
      'for a file in the place of their folder',
      'write enabled = false under [runtime.telemetry] to another file, and set RUNMAT_CONFIG to its path.',
      (home) => home.write('.config', ''),
      (home) => ({ RUNMAT_CONFIG: home.write('off.toml', no) }),
    ],
  ])('%s, all commands name one way that stops RunMat itself', async (_, way, make, take) => {
    const home = tempHome()
    make(home)
    const host = async (env: Env) =>
      (await cliJson<{ host: { enabled: boolean } }>(home, ['status'], { env })).host.enabled
    expect((await cli(home, ['disable'])).err).toContain(`\nTo stop it: ${way}\n`)
    expect((await cli(home, ['status'])).out).toContain(`\nTo stop it: ${way}\n`)
    expect((await cli(home, ['doctor'])).out).toContain(` To stop it: ${way}\n`)
    expect(await host({})).toBe(true)
    expect(await host(take(home))).toBe(false)
  })

  it.concurrent('in a project’s file, disable does not offer to write there', async () => {
    const home = tempHome()
    home.write('runmat.toml', `# ${'x'.repeat(70_000)}\n`)
    const { code, err } = await cli(home, ['disable'])
    expect(code).toBe(1)
    expect(err).toContain('it reads ~/runmat.toml, and would still send from here.\n')
    expect(err).toMatch(/To stop it: replace ~\/runmat\.toml with a file/)
    expect(err).not.toContain('--here')
    expect(home.read(home.settings)).toBe(no)
  })
})

it.concurrent('where no settings can be saved, endpoint says that the address is the old one', async () => {
  const home = tempHome()
  mkdirSync(home.settings, { recursive: true })
  fillQueue(home, 1)
  const refused = await cli(home, ['endpoint', 'http://127.0.0.1:9/new'])
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).toContain('The address was not changed. What was waiting was deleted.')
})

function deviceAt(home: Home): void {
  home.write('.config/runmat/.keep', '')
  symlinkSync('/dev/zero', home.settings)
}

function socketAt(home: Home): void {
  home.write('.config/runmat/.keep', '')
  createServer().listen(home.settings).unref()
}

it.skipIf(!requireTool('strace'))(
  'a device is not even opened, because some act on that',
  async () => {
    const home = tempHome()
    deviceAt(home)
    const trace = home.at('trace')
    const [command, ...args] = cliCommand
    const words = ['-f', '-qq', '-e', 'trace=open,openat', '-o', trace, command, ...args, 'status']
    await run('strace', words, home, { env: { NODE_OPTIONS: undefined } })
    expect(home.read(trace)).toContain('openat(')
    expect(home.read(trace)).not.toContain(home.settings)
  },
)

describe('an invalid home folder', () => {
  it.concurrent.each([
    ['unset', undefined],
    ['empty', ''],
    ['relative', 'somewhere'],
  ])('%s is a clear error from every command', async (_, HOME) => {
    const home = tempHome()
    for (const args of [['status'], ['print'], ['enable'], ['disable'], ['endpoint'], ['log']]) {
      expectRefusal(
        await cli(home, args, { env: { HOME } }),
        /^runmat-telemetry: HOME does not name/,
      )
    }
    const { code } = await cli(home, ['--help'], { env: { HOME } })
    expect(code).toBe(0)
  })

  it.concurrent('that is a file turns telemetry off, and nothing can be written', async () => {
    const home = tempHome()
    const HOME = home.write('afile', 'x')
    const { out } = await cli(home, ['status'], { env: { HOME } })
    expect(out).toMatch(/telemetry is off/)
    expectRefusal(await cli(home, ['disable'], { env: { HOME } }), 'RUNMAT_NO_TELEMETRY=1')
    expect(home.read('afile')).toBe('x')
  })

  it.concurrent('is needed, but a deleted working folder does no harm', async () => {
    const home = tempHome()
    mkdirSync(home.at('gone'))
    const ended = cli(home, ['status'], { cwd: home.at('gone') })
    rmSync(home.at('gone'), { recursive: true })
    expect((await ended).code).toBe(0)
  })
})

describe('an address of', () => {
  it.concurrent.each([
    ['ftp://example.invalid/', /starts with ftp:/],
    ['example.invalid', /is not an address/],
    ['http://example.invalid/t', /plain http to another machine/],
    ['http://127.0.0.1.example.invalid/', /plain http to another machine/],
    ['http://localhost.example.invalid/', /plain http to another machine/],
    ['https://user:secret@example.invalid/', /user name or password/],
    ['https://user@example.invalid/', /user name or password/],
    ['http://127.0.0.1@example.invalid/', /user name or password|plain http/],
    ['https://', /is not an address/],
    ['https://exa mple.invalid/', /contains a space.*\nWrite a space as %20/],
    ['https://example.invalid/\u001b[31m', /or control character/],
    ['https://example.invalid\\@localhost/', /backslash/],
    ['https://example.invalid/#part', /# part, which is never sent\.\nOmit the #/],
    ['javascript:alert(1)', /starts with javascript:/],
    ['file:///etc/passwd', /starts with file:/],
    [
      `https://example.invalid/${'x'.repeat(3000)}`,
      /longer than 2048 characters\.\nUse a shorter one/,
    ],
  ])('%s is refused with a hint and not saved', async (url, fault) => {
    const home = tempHome()
    for (const args of [['endpoint', url], [`--endpoint=${url}`]]) {
      const { code, out, err } = await cli(home, args)
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(fault)
      expect(err).not.toContain('secret')
    }
    expect(home.has('.config')).toBe(false)
  })

  it.concurrent.each([
    'https://example.invalid',
    'https://example.invalid:8443/v1/t?x=1',
    'http://localhost:9/t',
    'http://127.0.0.1/',
    'http://127.1.2.3:8080/t',
    'http://[::1]:80/',
  ])('%s is saved unchanged', async (url) => {
    const home = tempHome()
    const answer = await cliJson(home, ['endpoint', url])
    expect(answer).toMatchObject({ url, changed: true, source: `${home.settings}:2` })
    expect(home.read(home.settings)).toBe(`[runtime.telemetry]\nhttp_endpoint = "${url}"\n`)
  })
})

describe('a command line', () => {
  it.concurrent.each([
    [['statsu'], /Did you mean status/],
    [['STATUS'], /Did you mean status/],
    [['erase'], /Did you mean forget/],
    [['stop'], /Did you mean disable/],
    [['--statu'], /Did you mean --status/],
    [['--off'], /Did you mean disable\?/],
    [['--on'], /Did you mean enable\?/],
    [['--local'], /Did you mean local\?/],
    [['status', '--jsn'], /Did you mean --json/],
    [['print', 'usgae'], /Allowed choices are usage/],
    [['print', 'runtme'], /Allowed choices are .*\. Did you mean runtime\?/],
    [['record', 'instal'], /Did you mean install\?/],
    [['status', 'now'], /status takes no argument/],
    [['enable', '--disable'], /enable and disable are two commands/],
    [['--status', '--disable'], /status and disable are two commands/],
    [['enable', '--enable'], /says enable a second time/],
    [['endpoint', 'https://example.invalid', 'now'], /endpoint takes one argument only/],
    [['view', '--port'], /--port needs a value: --port <number>/],
    [['log', '-n'], /--lines needs a value: --lines <count>/],
    [['endpoint', '--reset', 'https://example.invalid'], /not both/],
    [['print', '--explain', '--schema'], /--explain can't be combined with --schema\.\n/],
    [['record'], /<kind> is missing\.\n/],
    [['--enable', '--disable'], /only one can run at a time/],
    [['help', 'nope'], /Unknown command "nope"\.\n/],
    [['print', 'usage', '--started'], /no beginning/],
  ])('%j is wrong usage', async (args, fault) => {
    const home = tempHome()
    const { code, out, err } = await cli(home, args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(fault)
    expect(home.has('.config')).toBe(false)
  })
})

describe('who wants telemetry off and does not know the command', () => {
  it.concurrent.each([
    'stop',
    'no',
    'turn-off',
    'turn off',
    'opt out',
    '--no-telemetry',
    '--off',
    '--opt-out',
    '-- off',
    'OFF',
    'endpoint off',
    'endpoint none',
    'status off',
  ])('is told it after %s', async (line) => {
    const home = tempHome()
    const { code, out, err } = await cli(home, line.split(' '))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/\nTo turn telemetry off: runmat-telemetry disable\n$/)
    expect(home.has('.config')).toBe(false)
  })

  it.concurrent('has it off after optout, and is not told it after anything else', async () => {
    const home = tempHome()
    expect(await cliJson(home, ['optout'])).toMatchObject({ decided_by: 'user_settings' })
    for (const line of [
      ['view', '--no-opn'],
      ['endpoint', 'http:'],
      ['statsu'],
      ['print', 'nope'],
    ]) {
      expect((await cli(home, line)).err).not.toContain('To turn telemetry off')
    }
  })
})

describe('help', () => {
  it.concurrent.each([
    ['help', '--json'],
    ['help', '--help'],
    ['help', '-h', 'status'],
    ['help', 'help'],
    ['help', 'version'],
    ['--help', '--json'],
    ['status', '--json', '--help'],
  ])('is shown for %s %s %s', async (...args) => {
    const { code, out, err } = await cli(tempHome(), args)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Usage: runmat-telemetry /)
  })

  it.concurrent.each([
    ['off', 'disable'],
    ['opt-in', 'enable'],
    ['show', 'status'],
  ])('for %s is that for %s', async (word, meant) => {
    const { code, out, err } = await cli(tempHome(), ['help', word])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`Usage: runmat-telemetry ${meant} `)
  })
})

describe('an error', () => {
  it.concurrent.each([
    [['statsu'], 2],
    [['endpoint', 'ftp://example.invalid'], 2],
    [['print', '00000000-0000-4000-8000-000000000000'], 1],
  ])('of %j is JSON with --json', async (args, exitCode) => {
    const { code, out, err } = await cli(tempHome(), [...args, '--json'])
    expect({ code, out }).toEqual({ code: exitCode, out: '' })
    const error = JSON.parse(err) as Record<string, unknown>
    expect(Object.keys(error)).toEqual(['error', 'hint', 'exit_code'])
    expect(error['exit_code']).toBe(exitCode)
  })
})

describe('words that people try', () => {
  it.concurrent('do what they mean', async () => {
    const home = tempHome()
    expect((await cli(home, ['opt-out'])).code).toBe(0)
    expect(home.read(home.settings)).toContain('enabled = false')
    expect((await cli(home, ['opt-in'])).code).toBe(0)
    expect(home.read(home.settings)).toContain('enabled = true')
    expect((await cli(home, ['show'])).out).toBe((await cli(home, ['status'])).out)
    const version = await cli(home, ['--version'])
    for (const word of ['version', '-v', '-V']) {
      expect(await cli(home, [word])).toEqual(version)
    }
    expect(version.err).toMatch(/ingestion key/)
    const hasKey = !version.err.includes('no ingestion key')
    const json = { version: version.out.trim(), has_ingestion_key: hasKey }
    for (const args of [['version'], ['--version'], ['-V']]) {
      expect(await cliJson(home, args)).toEqual(json)
    }
    expect(JSON.parse((await cli(home, ['--json', '--version'])).out)).toEqual(json)
  })
})

describe.concurrent('a settings file with more than 4,000 lists in one another', () => {
  it('is an opt-out, but not for RunMat, which reads on', async () => {
    const home = tempHome()
    home.write('runmat.toml', `x = [${'[[[1]]],'.repeat(1334)}1]\n`)
    const { collecting, decided_by, host, warnings } = await cliJson(home, ['status'])
    expect({ collecting, decided_by }).toEqual({
      collecting: false,
      decided_by: 'invalid_settings',
    })
    expect({ host, warnings }).toMatchObject({ host: { enabled: true, agrees: false } })
    const { code, err } = await cli(home, ['disable'])
    expect(code).toBe(1)
    expect(err).toContain('would still send from here')
  })
})

describe.concurrent('a settings file of almost 64 KiB', () => {
  const almost = (home: Home): string => {
    const text = `# ${'a'.repeat(65_530)}\n`
    home.write(home.settings, text)
    return text
  }

  it('is not made larger than what is read, and says so', async () => {
    const home = tempHome()
    const before = almost(home)
    const { code, err } = await cli(home, ['endpoint', 'http://127.0.0.1:9/t'])
    expect(code).toBe(1)
    expect(err).toContain('it would be larger than 64 KiB, and not be read')
    expect(home.read(home.settings)).toBe(before)
  })

  it('takes a no all the same, which then counts although the rest is too large to be read', async () => {
    const home = tempHome()
    const before = almost(home)
    expect((await cli(home, ['disable'])).code).toBe(0)
    expect(home.read(home.settings)).toBe(`${before}\n[runtime.telemetry]\nenabled = false\n`)
    expect(await cliJson(home, ['status'])).toMatchObject({
      uploading: false,
      decided_by: 'invalid_settings',
    })
    const { code, err } = await cli(home, ['enable'])
    expect(code).toBe(1)
    expect(err).toContain('it is larger than 64 KiB')
  })
})
