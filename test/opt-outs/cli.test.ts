import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { assess } from '../../src/settings/context.ts'
import { type Home, tempHome } from '../support/home.ts'
import { environmentIn } from '../support/in-process.ts'
import { cliJson } from '../support/run.ts'
import { type OptOutCase, type OptOutFile, optOutCases } from './cases.ts'

describe('the verdict', () => {
  // What ci-info recognises is read at the edge: the real program has to say it, below.
  const cases = optOutCases.filter(({ env = {} }) => !('BUILD_NUMBER' in env))

  it.each(cases)('is $expect: $name', (one) => {
    const home = tempHome()
    const env = layOut(home, one)
    const { verdict } = assess(runmat, environmentIn(home.path, { cwd: home.at(work), env }))
    expect({ uploading: verdict.uploading }).toEqual({ uploading: one.expect === 'on' })
  })
})

describe('the CLI', () => {
  const hasOwnSystem = ({ files = [] }: OptOutCase) => files.some(({ base }) => base === 'system')
  const cases = optOutCases.filter((one) => !hasOwnSystem(one))

  it.concurrent.each(cases)('agrees with the verdict: $name', async (one) => {
    const home = tempHome()
    const env = layOut(home, one)
    const status = await cliJson(home, ['status'], { env, cwd: home.at(work) })
    expect(status).toMatchObject({ uploading: one.expect === 'on' })
  })
})

const work = 'work/deep'

/** Puts the files in their places, and answers with the variables. */
function layOut(home: Home, { files = [], env = {} }: OptOutCase): Record<string, string> {
  mkdirSync(home.at(work), { recursive: true })
  for (const file of files) lay(home, file)
  const values = Object.entries(env).map(([name, value]) => {
    return [name, value.replaceAll('{home}', home.path)] as const
  })
  return Object.fromEntries(values)
}

function lay(home: Home, { base, path: name, content }: OptOutFile): void {
  const folders = { home: '.', project: work, system: 'system/runmat' }
  const file = home.at(folders[base], name)
  mkdirSync(path.dirname(file), { recursive: true })
  if ('text' in content) home.write(file, content.text)
  else if ('hex' in content) home.write(file, Buffer.from(content.hex, 'hex'))
  else if ('sparse' in content) truncateSync(home.write(file, ''), content.sparse)
  else if ('link' in content) symlinkSync(content.link, file)
  else if (content.special === 'folder') mkdirSync(file)
  else execFileSync('mkfifo', [file])
}
