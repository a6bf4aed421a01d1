import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'

import { programOf } from '../../src/cli/program.ts'
import { runmat } from '../../src/product/runmat.ts'
import { root } from '../support/run.ts'
import { type Entry, listedIn, synopsisOf, variablesIn } from './mdoc.ts'
import { variablesOf } from './variables.ts'
import { requireTool } from '../support/tools.ts'

const file = path.join(root, 'man/runmat-telemetry.1')
const page = readFileSync(file, 'utf8')

// Nothing is run here, so that the rest of the wiring is never touched.
const nothing = () => undefined
const wiring = { product: runmat, version: '0.0.0', io: { out: nothing, err: nothing } }
const program = programOf(wiring as unknown as Parameters<typeof programOf>[0])
const help = program.createHelp()
// `menu` is hidden, and so no part of what is documented.
const commands = help.visibleCommands(program)

const flagsOf = (command: Command) =>
  (command === program
    ? help.visibleOptions(program)
    : command.options.filter(({ hidden }) => !hidden)
  )
    .flatMap(({ short, long }) => [short, long])
    .filter((flag) => flag !== undefined)
    .sort()

const operandsOf = (command: Command) => command.registeredArguments.map((one) => one.name())

const sorted = (entry: Entry | undefined) => ({
  options: entry?.options.toSorted() ?? 'missing',
  operands: entry?.operands ?? 'missing',
})

describe('the man page', () => {
  const listed = listedIn(page)
  const synopsis = synopsisOf(page)

  it('lists the commands that --help lists', () => {
    const names = commands.map((command) => command.name())
    expect([...listed.keys()].filter((name) => name !== '').toSorted()).toEqual(names.toSorted())
    expect([...synopsis.keys()].filter((name) => name !== '').toSorted()).toEqual(names.toSorted())
  })

  it('lists the options that stand before a command', () => {
    expect(sorted(listed.get('')).options).toEqual(flagsOf(program))
  })

  it.each(commands.map((command) => [command.name(), command] as const))(
    'lists what %s takes',
    (name, command) => {
      const taken = { options: flagsOf(command), operands: operandsOf(command) }
      expect(sorted(listed.get(name))).toEqual(taken)
      expect(sorted(synopsis.get(name))).toEqual(taken)
    },
  )

  it('explains every variable that the product knows', () => {
    expect(variablesIn(page)).toEqual(expect.arrayContaining([...variablesOf(runmat)]))
  })

  it('promises no effect on RunMat of a variable that RunMat ignores', () => {
    expect(runmat.host?.hearsEnvironment).toBe(false)
    const { off, toggle, config } = runmat.variables
    const before = [...page.matchAll(/(\w+)=\S+ runmat /g)].map(([, name]) => name)
    expect(before).toContain(config)
    for (const name of ['DO_NOT_TRACK', off, toggle]) expect(before).not.toContain(name)
  })

  it.skipIf(!requireTool('mandoc'))('is clean mdoc', () => {
    const lint = spawnSync('mandoc', ['-Tlint', '-W', 'warning', file], { encoding: 'utf8' })
    expect(lint.error).toBeUndefined()
    expect(lint.stdout + lint.stderr).toBe('')
    expect(lint.status).toBe(0)
  })
})
