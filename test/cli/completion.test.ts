import { chmodSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { fillQueue } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { cli, cliCommand, run } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { findPwsh, pwshEnv } from '../support/pwsh.ts'
import { requireTool } from '../support/tools.ts'

const pwsh = findPwsh()
const kinds = ['install', 'runtime', 'usage']
const commands = [
  'completion',
  'dictionary',
  'disable',
  'doctor',
  'enable',
  'endpoint',
  'forget',
  'help',
  'local',
  'log',
  'print',
  'record',
  'status',
  'upload',
  'view',
]
const shells = ['bash', 'fish', 'powershell', 'zsh']

/** What stands on the line, and what the shell offers for its last word. */
const cases: [string, readonly string[]][] = [
  ['', commands],
  ['pr', ['print']],
  ['--dis', ['--disable']],
  ['print ', kinds],
  ['print r', ['runtime']],
  ['print --raw ', kinds],
  ['print --e', ['--explain']],
  ['disable --f', ['--forget']],
  ['record ', kinds],
  ['completion ', shells],
  ['help st', ['status']],
]

/** In a folder with such a file. */
const fileCase = ['view --export sam', ['sample page.html']] as const

async function scriptFor(shell: string): Promise<{ home: Home; script: string }> {
  const home = tempHome()
  const { code, out, err } = await cli(home, ['completion', shell])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return { home, script: home.write(`completion.${shell}`, out) }
}

/** The tool where the shell finds it, with events that wait; one of them, and half of its id. */
function installed(home: Home): { path: string; whole: string; half: string } {
  const [event] = fillQueue(home, 3)
  const bin = home.at('bin')
  const words = cliCommand.map((word) => `'${word}'`).join(' ')
  const file = home.write('bin/runmat-telemetry', `#!/bin/sh\nexec ${words} "$@"\n`)
  chmodSync(file, 0o755)
  const whole = event?.id ?? ''
  return { path: `${bin}:${process.env['PATH']}`, whole, half: whole.slice(0, 18) }
}

const sorted = (text: string) => text.split('\n').filter(Boolean).toSorted()

it('is printed where there is no home folder, as in the build of a package', async () => {
  const home = tempHome()
  const env = { HOME: undefined, USERPROFILE: undefined }
  const { code, out, err } = await cli(home, ['completion', 'bash'], { env })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('complete ')
})

describe.concurrent('the completion', () => {
  it.skipIf(!requireTool('bash'))('completes in bash', async () => {
    const { home, script } = await scriptFor('bash')
    const { path, whole, half } = installed(home)
    home.write('sample page.html', '')
    for (const [line, offered] of [...cases, fileCase, [`print ${half}`, [whole]] as const]) {
      const words = ['runmat-telemetry', ...line.split(' ')].map((word) => `'${word}'`)
      const ask = `
        source '${script}'
        complete -p runmat-telemetry > /dev/null || exit 1
        COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}
        _runmat_telemetry
        printf '%s\\n' "\${COMPREPLY[@]}"
      `
      const env = { PATH: path }
      const { code, out, err } = await run('bash', ['--norc', '-c', ask], home, { env })
      expect({ line, code, err, offered: sorted(out) }).toEqual({ line, code: 0, err: '', offered })
    }
  })

  it.skipIf(!requireTool('fish'))('completes in fish', async () => {
    const { home, script } = await scriptFor('fish')
    const { path, whole, half } = installed(home)
    home.write('sample page.html', '')
    for (const [line, offered] of [...cases, fileCase, [`print ${half}`, [whole]] as const]) {
      const ask = `source '${script}'; complete -C 'runmat-telemetry ${line}'`
      const { out, err } = await run('fish', ['--no-config', '-c', ask], home, {
        env: { PATH: path },
      })
      const found = sorted(out.replaceAll(/\t.*/g, ''))
      expect({ line, err, offered: found }).toEqual({ line, err: '', offered })
    }
  })

  it.skipIf(!requireTool('zsh') || !requireTool('script')).each([
    ['pr', 'print'],
    ['--dis', '--disable'],
    ['print ru', 'print runtime'],
    ['print --e', 'print --explain'],
    ['disable --f', 'disable --forget'],
    ['record us', 'record usage'],
    ['completion p', 'completion powershell'],
    ['help st', 'help status'],
    ['print HALF', 'print WHOLE'],
    ['view --export sam', 'view --export sample.html'],
  ])('completes %j in zsh', async (line, whole) => {
    const { home, script } = await scriptFor('zsh')
    // Shows what the line came to, because a line that is being edited is drawn in bits.
    home.write('said', 'echo "<$*>"\n')
    home.write('sample.html', '')
    const { path, ...ids } = installed(home)
    const filled = (text: string) => text.replace('HALF', ids.half).replace('WHOLE', ids.whole)
    const terminal = openTerminal(home, ['zsh', '-f', '-i'])
    terminal.type(
      `autoload -U compinit; compinit -u -d "$HOME/.zcompdump"; source '${script}'; ` +
        `PATH='${path}'; alias runmat-telemetry='sh "$HOME/said"'; setopt complete_aliases; ` +
        `PS1='rea''dy> '\r`,
    )
    // Its editor has the terminal by then.
    await terminal.sees('ready> ')
    terminal.type(`runmat-telemetry ${filled(line)}\t\r`)
    await terminal.sees(`<${filled(whole)}>`)
    terminal.type('exit\r')
    expect(await terminal.ended).toBe(0)
  })

  it.skipIf(pwsh === undefined)('completes in PowerShell', async () => {
    const { home, script } = await scriptFor('powershell')
    const { path, whole, half } = installed(home)
    home.write('sample.html', '')
    const ownFile = ['view --export sam', ['./sample.html']] as const
    const lines = [...cases, ownFile, [`print ${half}`, [whole]] as const]
    // One process for all lines, because starting it takes longer than they do.
    const ask = `
      . '${script.replace('.powershell', '.ps1')}'
      foreach ($line in ConvertFrom-Json $env:LINES) {
        $text = "runmat-telemetry $line"
        $found = TabExpansion2 -inputScript $text -cursorColumn $text.Length
        ConvertTo-Json -Compress @($found.CompletionMatches | ForEach-Object CompletionText)
      }
    `
    home.write('completion.ps1', home.read(script))
    const { out, err } = await run(pwsh ?? '', ['-NoProfile', '-Command', ask], home, {
      env: {
        PATH: path,
        LINES: JSON.stringify(lines.map(([line]) => line)),
        ...pwshEnv,
      },
    })
    expect(err).toBe('')
    const offered = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as string[]).toSorted())
    expect(offered).toEqual(lines.map(([, words]) => words))
  })

  it('knows every command and value in PowerShell too', async () => {
    const { home, script } = await scriptFor('powershell')
    const text = home.read(script)
    for (const word of [...commands, ...kinds, '--forget', '--explain']) {
      expect(text).toContain(`'${word}'`)
    }
    expect(text).toContain("& 'runmat-telemetry' print --queued")
    expect(text).toMatch(/^Register-ArgumentCompleter -Native -CommandName 'runmat-telemetry' /m)
  })

  it('is of no other shell', async () => {
    const { code, err } = await cli(tempHome(), ['completion', 'tcsh'])
    expect(code).toBe(2)
    expect(err).toContain('bash, zsh, fish, powershell')
  })

  it('comes as JSON too', async () => {
    const { out } = await cli(tempHome(), ['completion', 'fish', '--json'])
    expect(JSON.parse(out)).toMatchObject({ shell: 'fish', script: expect.any(String) })
  })
})
