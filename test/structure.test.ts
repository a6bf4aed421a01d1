import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

const src = path.resolve(import.meta.dirname, '../src')

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(path.join(src, name), 'utf8') }))

/** The rooms of src/, and what each may import from besides itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  product: [],
  files: [],
  contract: ['product'],
  settings: ['product', 'files'],
  store: ['product', 'files', 'contract', 'settings'],
  record: ['product', 'files', 'contract', 'settings', 'store'],
  deliver: ['product', 'files', 'contract', 'settings', 'store'],
  host: ['product', 'files', 'contract', 'settings', 'store', 'record', 'deliver'],
  cli: ['product', 'files', 'contract', 'settings', 'store', 'record', 'deliver', 'host'],
  browser: ['product', 'contract', 'settings', 'record', 'deliver'],
  entry: [
    'product',
    'files',
    'contract',
    'settings',
    'store',
    'record',
    'deliver',
    'host',
    'cli',
    'browser',
  ],
}

describe('the source', () => {
  it('has these folders and no file outside of them', () => {
    const rooms = new Set(files.map(({ name }) => name.split('/')[0]))
    expect(rooms).toEqual(new Set(Object.keys(mayImport)))
  })

  it.each(Object.entries(mayImport))('of %s/ imports only what it may', (folder, allowed) => {
    const own = files.filter(({ name }) => name.startsWith(`${folder}/`))
    expect(own).not.toEqual([])
    const strays = own.flatMap(({ name, text }) =>
      [...text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)]
        .map(([, fixed, lazy]) => path.join(path.dirname(name), fixed ?? lazy ?? ''))
        .filter((target) => ![folder, ...allowed].includes(target.split('/')[0] ?? ''))
        .map((target) => `${name} imports ${target}`),
    )
    expect(strays).toEqual([])
  })

  it('has RunMat’s names in one file only', () => {
    const strays = files
      .filter(({ name }) => name !== 'product/runmat.ts')
      .flatMap(({ name, text }) =>
        text
          .split('\n')
          // Importing the definition, and handing it on, is how the others come to know of it.
          .filter((line) => !line.includes("product/runmat.ts'"))
          .map((line) => line.replaceAll(/(?<!['"`/.\w-])runmat(?!['"`\w-])/g, 'product'))
          .filter((line) => /runmat/i.test(line))
          .map((line) => `${name}: ${line.trim()}`),
      )
    expect(strays).toEqual([])
  })

  it('reads the environment, home and working folder only at the edge', () => {
    const edges = new Set(['settings/host-environment.ts', 'cli/io.ts', 'entry/executable.ts'])
    const strays = files
      .filter(({ name }) => !edges.has(name))
      .filter(({ text }) => /process\.(env|cwd|argv)|homedir\(/.test(text))
      .map(({ name }) => name)
    expect(strays).toEqual([])
  })
})
