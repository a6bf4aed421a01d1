import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import vendors from 'ci-info/vendors.json' with { type: 'json' }
import { describe, expect, it } from 'vitest'

import { accepts } from '../../../src/contract/check.ts'
import {
  installArchitectures,
  installEvent,
  installLabels,
  installSystems,
} from '../../../src/contract/install.ts'
import { uuid, version as versionText } from '../../../src/contract/values.ts'
import { runmat } from '../../../src/product/runmat.ts'
import { requireTool } from '../../support/tools.ts'
import { installPs1, installSh } from './stage.ts'

const sh = readFileSync(installSh, 'utf8')
const ps1 = readFileSync(installPs1, 'utf8')

/** The value of a variable at the top of a script. */
function valueIn(text: string, name: string): string {
  const value = new RegExp(`^ *\\$?${name} ?= ?(?:-split )?'([^']*)'`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`there is no ${name}`)
  return value
}

function wordsIn(text: string, name: string): readonly string[] {
  return valueIn(text, name).split(/\s+/)
}

/** What one function of a script says. */
function bodyOf(text: string, start: string): string {
  const from = text.indexOf(start)
  expect(from).toBeGreaterThan(0)
  const indent = /^ */.exec(text.slice(text.lastIndexOf('\n', from) + 1))?.[0] ?? ''
  return text.slice(from, text.indexOf(`\n${indent}}\n`, from))
}

describe('install.sh', () => {
  it.runIf(requireTool('shellcheck'))('is clean', () => {
    const { stdout } = spawnSync('shellcheck', ['-s', 'sh', installSh], { encoding: 'utf8' })
    expect(stdout).toBe('')
  })

  it('knows the words of the contract', () => {
    expect(wordsIn(sh, 'known_systems')).toEqual(installSystems)
    expect(wordsIn(sh, 'known_machines')).toEqual(installArchitectures)
    expect(fieldsIn(bodyOf(sh, '\nsend() {'), /add (\w+)/g)).toEqual(fields)
  })
})

describe('install.ps1', () => {
  it('knows the words of the contract', () => {
    expect(wordsIn(ps1, 'knownMachines')).toEqual(installArchitectures)
    expect(fieldsIn(bodyOf(ps1, 'function Send-Event'), /@\('(\w+)', /g)).toEqual(fields)
    expect(ps1).toContain("@('os', 'windows')")
    expect(ps1).toContain("@('method', 'powershell')")
  })

  it('speaks of the same addresses, variables and limits as install.sh', () => {
    for (const name of ['releases', 'collector', 'docs']) {
      expect(valueIn(ps1, name)).toBe(valueIn(sh, name))
    }
    const variables = (text: string) => [...new Set(text.match(/\bRUNMAT_[A-Z_]+\b/g))].sort()
    expect(variables(ps1)).toEqual(variables(sh))
    for (const said of ['--max-time 3 ', '-A ', '/latest', '/tag/', '.sha256', 'DO_NOT_TRACK']) {
      expect(sh).toContain(said)
      expect(ps1).toContain(said)
    }
  })

  it('has the same forms', () => {
    expect(valueIn(ps1, 'uuidForm')).toBe(valueIn(sh, 'uuid_form'))
    expect(valueIn(ps1, 'versionForm')).toBe(valueIn(sh, 'version_form'))
    expect(sh).toContain(`'${valueIn(ps1, 'tagForm')}'`)
    expect(sh).toContain(`'${valueIn(ps1, 'pathForm')}'`)
    const endpoints = (text: string) => text.match(/https?:\/\/\([^"]*(?=\$)/g)
    expect(endpoints(ps1)).toEqual(endpoints(sh))
    expect(endpoints(ps1)).toHaveLength(2)
  })

  it('reads settings as install.sh does', () => {
    // What opt-outs.test.ts shows where there is a PowerShell, these texts show anywhere.
    const judge = valueIn(sh, 'judge').matchAll(/~ \/\^((?:\\.|[^/\\\n])+)\$\//g)
    const forms = [...judge].map(([, form = '']) => form)
    expect(forms).toHaveLength(8)
    const settings = bodyOf(ps1, 'function Test-Setting([')
    const known = settings.replaceAll(String.raw`\z`, '$')
    for (const form of forms) {
      const [, words = form] = /^\((runtime\|.*)\)$/.exec(form) ?? []
      const names = words.split(/[|()]/).map((word) => word.replaceAll('\\.', '.'))
      for (const name of names) expect(known.replaceAll('\\.', '.')).toContain(name)
    }
    expect(known).toContain('(^|\\.)(tel[^.]*|[^.]*emetry)(\\.|$)')
    expect(valueIn(sh, 'judge')).toContain('(^|\\.)(tel[^.]*|[^.]*emetry)(\\.|$)')
    for (const name of [
      'config.toml',
      'config.json',
      'runmat.toml',
      'runmat.json',
      'telemetry.toml',
    ]) {
      expect(bodyOf(sh, 'may_send() {')).toContain(`/${name}`)
      expect(bodyOf(ps1, 'function Test-Consent')).toContain(`'${name}'`)
    }
  })

  it('is plain enough for Windows PowerShell 5.1', () => {
    const code = ps1.replaceAll(/^\s*#.*$/gm, '')
    // It would take a file without a mark for one of the system's code page.
    expect(readFileSync(installPs1).every((byte) => byte < 127)).toBe(true)
    // windows-powershell.test.ts takes the script apart, where there is a PowerShell.
    expect(code).not.toMatch(/\?\?|\?\.|&&|\|\||-Parallel|\$\w+ \? |-AsHashtable|clean \{/)
    const requests = code.match(/Invoke-WebRequest -.*/g) ?? []
    expect(requests).toHaveLength(2)
    for (const request of requests) {
      expect(request).toContain('-UseBasicParsing')
      expect(request).toContain('@limits')
    }
    expect(code).toContain('$limits = @{ TimeoutSec = 60 }')
    expect(code).toContain('SecurityProtocolType]::Tls12')
  })

  it('keeps the window open under iex, and leaves nothing in it', () => {
    const code = ps1.replaceAll(/^\s*#.*$/gm, '')
    expect(code.match(/\bexit\b/g)).toHaveLength(1)
    const leaving = code.slice(
      code.lastIndexOf('if (', code.indexOf('exit $')),
      code.indexOf('exit $'),
    )
    expect(leaving).toContain('ExternalScriptInfo')
    // Everything after the parameters is one block.
    expect(code.match(/^\S.*$/gm)).toEqual([
      '[CmdletBinding(PositionalBinding = $false)]',
      'param(',
      ')',
      '& {',
      'Installs RunMat.',
      'RUNMAT_RELEASES_URL names a mirror, RUNMAT_REQUIRE_CHECKSUM=1 takes no archive without a checksum,',
      'RUNMAT_NO_TELEMETRY=1 turns telemetry off ($docs).',
      '"@',
      '} $MyInvocation $Version $Dir ([bool] $Help) $Rest',
    ])
    const scoped = [...code.matchAll(/\$(?:script|global):(\w+)/g)].map(([, name]) => name)
    expect(scoped).toEqual(['LASTEXITCODE'])
  })
})

describe.each([
  ['install.sh', sh],
  ['install.ps1', ps1],
])('%s', (_, text) => {
  it('sends where RunMat sends, and points to what explains it', () => {
    expect(valueIn(text, 'collector')).toBe(runmat.endpoint)
    expect(valueIn(text, 'docs')).toBe(runmat.docs)
  })

  it('sends each event in one place', () => {
    const sent = [...text.matchAll(/(?:\bsend|Send-Event) '?(install_\w+)/g)].map(
      ([, name]) => name,
    )
    expect(new Set(sent)).toEqual(new Set(installLabels))
    expect(sent).toHaveLength(installLabels.length)
  })

  it('is silent wherever RunMat is', () => {
    const { ci, tests, workers } = runmat.suppressed
    expect(wordsIn(text, 'markers')).toEqual([...ci, ...tests, ...workers])
  })

  it('knows the build services that ci-info knows', () => {
    const known = new Set([...wordsIn(text, 'markers'), ...wordsIn(text, 'services')])
    const names = vendors.map(({ env }) => namesOf(env)).filter((any) => any.length > 0)
    expect(names.filter((any) => !any.some((name) => known.has(name)))).toEqual([])
    expect([...wordsIn(text, 'services')]).toEqual([...new Set(wordsIn(text, 'services'))].sort())
  })

  it('takes for a version or an id what the contract does', () => {
    const shell = text === sh
    const versionForm = valueIn(text, shell ? 'version_form' : 'versionForm')
    const uuidForm = valueIn(text, shell ? 'uuid_form' : 'uuidForm')
    for (const one of [
      'v1.2',
      '1.2.3',
      'v1.2.3-rc.1+x',
      'v1',
      '1.2.3.4',
      'v1.2-',
      'x1.2',
      '1234567.1',
    ]) {
      expect(new RegExp(`^(${versionForm})$`).test(one)).toBe(accepts(versionText, one))
    }
    const id = '9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7'
    for (const one of [
      id,
      id.toUpperCase(),
      id.replace('-4', '-1'),
      id.replace('-8', '-c'),
      `${id}0`,
    ]) {
      expect(new RegExp(`^(${uuidForm})$`).test(one)).toBe(accepts(uuid, one))
    }
  })
})

const fields = Object.keys(installEvent.fields)

function fieldsIn(text: string, form: RegExp): readonly string[] {
  return [...text.matchAll(form)].map(([, name = '']) => name)
}

type VendorEnv = (typeof vendors)[number]['env']

/** The variables by which a service is told, where their being there is what tells. */
function namesOf(env: VendorEnv): readonly string[] {
  if (typeof env === 'string') return [env]
  if (Array.isArray(env)) return env
  if ('any' in env) return env.any
  return 'env' in env ? [] : Object.keys(env)
}
