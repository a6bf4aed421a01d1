import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../../support/home.ts'
import { findPwsh, pwshEnv } from '../../support/pwsh.ts'
import { cli } from '../../support/run.ts'
import { installPs1 } from './installer.ts'
import { cmdlets, laterSyntax, laterText, members, types } from './windows-powershell.ts'

interface Syntax {
  readonly errors: readonly string[]
  readonly kinds: readonly string[]
  readonly texts: readonly string[]
  readonly background: number
  readonly clean: number
  readonly optional: number
  readonly commands: readonly {
    readonly name: string | null
    readonly parameters: readonly string[]
    readonly splats: readonly string[]
  }[]
  readonly members: readonly string[]
  readonly types: readonly string[]
}

const pwsh = findPwsh()

function parse(file: string): Syntax {
  const script = path.join(import.meta.dirname, 'syntax.ps1')
  const { stdout, stderr } = spawnSync(pwsh ?? '', ['-NoProfile', '-File', script, file], {
    encoding: 'utf8',
    env: { ...process.env, ...pwshEnv },
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Syntax
}

/** Everything in a script that Windows PowerShell 5.1 may not have. */
function tooNew(file: string, program?: string): readonly string[] {
  const syntax = parse(file)
  const functions = readFileSync(file, 'utf8').matchAll(/^ *function ([\w-]+)/gm)
  const own = new Set([program, ...[...functions].map(([, name]) => name)])
  const calls = syntax.commands.flatMap(({ name, parameters, splats }) => {
    // A block that is called has no name, and what is ours takes what it says.
    if (name === null || own.has(name)) return []
    const known = cmdlets[name]
    if (known === undefined) return [name]
    const given = [...parameters, ...splats.map((one) => `@${one}`)]
    return given.filter((one) => !known.includes(one)).map((one) => `${name} -${one}`)
  })
  return [
    ...syntax.errors,
    ...laterSyntax.filter((kind) => syntax.kinds.includes(kind)),
    ...syntax.texts.filter((text) => laterText.test(text)),
    ...(syntax.background + syntax.clean + syntax.optional > 0 ? ['an operator or a block'] : []),
    ...calls,
    ...syntax.members.filter((one) => !members.has(one)),
    ...syntax.types.filter((one) => !types.has(one)),
  ]
}

describe.skipIf(pwsh === undefined)('the check for Windows PowerShell 5.1', () => {
  it('finds nothing in install.ps1 that came later', { timeout: 60_000 }, () => {
    expect(tooNew(installPs1)).toEqual([])
  })

  it('finds nothing in the completion that came later', { timeout: 60_000 }, async () => {
    const home = tempHome()
    const { out } = await cli(home, ['completion', 'powershell'])
    expect(tooNew(home.write('completion.ps1', out), 'runmat-telemetry')).toEqual([])
  })

  it('finds what came later', { timeout: 60_000 }, () => {
    const later = [
      '$a = $b ? 1 : 2',
      '$a ?? 1',
      '$a ??= 1',
      '${a}?.Length',
      '${a}?[0]',
      'Write-Host a && Write-Host b',
      'Write-Host a || Write-Host b',
      'Write-Host a &',
      'Write-Host "`u{e9}"',
      '$a = 1u',
      'Invoke-WebRequest -Uri a -SkipHttpErrorCheck',
      'Test-Json a',
      'Write-Host -Parallel',
      '[IO.File]::Move(1, 2, $true)',
      '[IO.Path]::Join(1, 2)',
      '[Text.Rune]::new(1)',
      'function f { process { } clean { } }',
    ]
    const home = tempHome()
    // Each in a file of its own would take half a second; all in one still have to be found each.
    const found = tooNew(home.write('later.ps1', later.join('\n')))
    expect(found).toEqual([
      'TernaryExpressionAst',
      'PipelineChainAst',
      'AndAnd',
      'OrOr',
      'QuestionMark',
      'QuestionQuestion',
      'QuestionQuestionEquals',
      'QuestionDot',
      'QuestionLBracket',
      'Clean',
      '"`u{e9}"',
      '1u',
      'an operator or a block',
      'Invoke-WebRequest -SkipHttpErrorCheck',
      'Test-Json',
      'Write-Host -Parallel',
      'IO.File::Move/3',
      'IO.Path::Join/2',
      'Text.Rune::new/1',
      'Text.Rune',
    ])
  })
})
