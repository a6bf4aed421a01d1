import { readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import type { Behaviour } from '../../support/collector.ts'
import type { Home } from '../../support/home.ts'
import type { Member } from './archive.ts'
import { type Arguments, type InstallCase, installCases } from './cases.ts'
import { type Installer, powershell, sh } from './installer.ts'
import { canInstall, firstShell, installers, openStage, shells } from './stage.ts'

interface Runner {
  readonly name: string
  readonly installer: Installer
  readonly command: readonly string[] | undefined
  readonly cases: readonly InstallCase[]
}

const runners = installers.flatMap((installer): readonly Runner[] =>
  installer === sh
    ? shells.map((shell) => ({
        name: `install.sh under ${shell.name}`,
        installer,
        command: shell.command,
        cases: casesOf(installer).filter((one) => firstShell.includes(shell) || one.everyShell),
      }))
    : [{ name: installer.name, installer, command: undefined, cases: casesOf(installer) }],
)

function casesOf({ name }: Installer): readonly InstallCase[] {
  return installCases.filter(({ only = name }) => only === name)
}

describe.skipIf(!canInstall).each(runners)('$name', ({ installer, command, cases }) => {
  beforeAll(installer.ready, 180_000)

  it.each(cases)('$name', async (one) => {
    const stage = await openStage(installer)
    const { home, releases, collector } = stage
    const fill = filler(installer, home, new URL(releases.url).origin)
    stage.serve(answersOf(one, installer, fill))
    if (one.collector !== undefined) collector.setAnswer(one.collector)
    for (const [name, text] of Object.entries(one.files ?? {})) lay(home, fill(name), text)
    const before = listing(home)

    const env = {
      ...(one.machine === undefined ? {} : installer.machine(home, one.machine)),
      ...mapValues(one.env ?? {}, fill),
    }
    const args = installer.words(mapArguments(one.arguments ?? {}, fill))
    const ended = await stage.install({ shell: command, args, env })
    const labels = await stage.labels()

    const said = `${ended.out}${ended.err}`
    expect({ code: ended.code, labels, said }).toEqual({
      code: one.code,
      labels: one.events.map((label) => `install_${label}`),
      said: expect.stringContaining(fill(one.says ?? '')) as unknown,
    })
    expect(/^Error: /m.test(ended.err)).toBe(one.code !== 0)
    if (one.code === 2)
      expect([releases.requests, collector.requests, ended.out]).toEqual([0, 0, ''])
    expect(ended.changed ?? []).toEqual([])

    // Nothing else is new or gone, in the whole home, but the marks of posts that got no answer.
    const makes = (one.makes ?? []).map(fill)
    const marks = one.collector === undefined ? [] : marksIn(home)
    const expected = {
      ...before,
      ...Object.fromEntries(marks.map((name) => [name, expect.any(String) as unknown])),
      ...Object.fromEntries(makes.map((name) => [name, newText(name)])),
    }
    if (one.events.length > 0) {
      expected['.runmat/telemetry_id'] = expect.stringMatching(id)
      expected[installer.ledger] = expect.any(String)
    }
    expect(listing(home)).toEqual(expected)
  })
})

function marksIn(home: Home): readonly string[] {
  return Object.keys(listing(home)).filter((name) => /telemetry\/leaving-[^/]*\.tmp$/.test(name))
}

const id = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/

function newText(name: string): string {
  return name.includes('telemetry') ? 'the new companion\n' : 'the new one\n'
}

function filler(installer: Installer, home: Home, origin: string): (text: string) => string {
  const suffix = installer === powershell ? '.exe' : ''
  return (text) =>
    text
      .replaceAll('{runmat}', `runmat${suffix}`)
      .replaceAll('{companion}', `runmat-telemetry${suffix}`)
      .replaceAll('{home}', home.path)
      .replaceAll('{origin}', origin)
}

/** The good release, but for what the case says of it. */
function answersOf(
  { archive, checksum, newest }: InstallCase,
  { release, pack }: Installer,
  fill: (text: string) => string,
): Record<string, Behaviour> {
  const filled = (members: readonly Member[]) =>
    pack(...members.map((member) => ({ ...member, name: fill(member.name) })))
  const members = Array.isArray(archive) ? (archive as readonly Member[]) : undefined
  const missing = typeof archive === 'object' && 'without' in archive ? archive.without : undefined
  const whole = filled(members ?? [{ name: '{runmat}', text: 'the new one\n' }])
  const answers = release(whole.subarray(0, whole.length - (missing ?? 0)))
  const other = members === undefined && missing === undefined ? archive : undefined
  const at = Object.keys(answers).find((name) => /\.(zip|tar\.gz)$/.test(name)) ?? ''
  return {
    ...answers,
    ...(other === undefined ? {} : { [at]: other as Behaviour }),
    ...(checksum === undefined ? {} : { [`${at}.sha256`]: checksum }),
    ...(newest === undefined ? {} : { '/r/latest': newest }),
  }
}

function lay(home: Home, name: string, text: string | null): void {
  if (text === null) symlinkSync(home.at('missing/folder'), home.at(name))
  else home.write(name, text)
}

/** Each file of the home with its text, but for what the tests themselves put there. */
function listing(home: Home): Record<string, unknown> {
  const ours = new Set(['tmp', 'windows', 'stubs'])
  const files: Record<string, unknown> = {}
  for (const one of readdirSync(home.path, { recursive: true, withFileTypes: true })) {
    const full = path.join(one.parentPath, one.name)
    const name = path.relative(home.path, full)
    if (ours.has(name.split(path.sep)[0] ?? '') || one.isDirectory()) continue
    files[name] = one.isSymbolicLink() ? { link: readlinkSync(full) } : readFileSync(full, 'utf8')
  }
  return files
}

function mapArguments(
  { version, dir, ...rest }: Arguments,
  fill: (text: string) => string,
): Arguments {
  return {
    ...rest,
    ...(version === undefined ? {} : { version: fill(version) }),
    ...(dir === undefined ? {} : { dir: fill(dir) }),
  }
}

function mapValues(
  values: Readonly<Record<string, string>>,
  fill: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fill(value)]))
}
