import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { root } from '../support/run.ts'

const folders = ['.', 'docs', 'bench', 'examples/roar', 'infra'].concat(
  readdirSync(path.join(root, 'infra'))
    .map((name) => `infra/${name}`)
    .filter((folder) => statSync(path.join(root, folder)).isDirectory()),
)

const documents = folders
  .flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => path.posix.join(folder, name)),
  )
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(path.join(root, name), 'utf8') }))

describe.each(documents)('$name', ({ name, text }) => {
  it('links only to files that exist', () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    const missing = targets
      .filter((target) => !/^(https?|mailto):|^#/.test(target))
      .map((target) => target.replace(/#.*/, ''))
      .filter((target) => !existsSync(path.join(root, path.dirname(name), target)))
    expect(missing).toEqual([])
  })

  it('links only to headings that exist', () => {
    const missing = [...text.matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)]
      .filter(([, target = '']) => !/^https?:/.test(target))
      .filter(([, target = '', heading = '']) => !headingsOf(target, name).has(heading))
      .map(([link]) => link)
    expect(missing).toEqual([])
  })

  // The pages of infra/ and bench/ also name files of machines and of other repositories.
  it.skipIf(/^(infra|bench)/.test(name))('names only files that exist', () => {
    const named = [...text.matchAll(/`((?:src|test|bin|infra|scripts)\/[\w./-]+)`/g)]
    const missing = named
      .map(([, file = '']) => file)
      .filter((file) => !existsSync(path.join(root, file)))
    expect(missing).toEqual([])
  })
})

/** The headings of a document, or of the README of a folder, as links to them are written. */
function headingsOf(target: string, from: string): ReadonlySet<string> {
  const file = target === '' ? from : path.posix.join(path.dirname(from), target)
  const page = documents.find(
    ({ name }) => name === file || name === path.posix.join(file, 'README.md'),
  )
  const titles = [...(page?.text ?? '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

describe('docs/ARCHITECTURE.md', () => {
  it('names the files that each walk passes', () => {
    const { text = '' } = documents.find(({ name }) => name === 'docs/ARCHITECTURE.md') ?? {}
    const walks = text.split('\n## ').filter((section) => section.startsWith('Walk '))
    expect(walks).toHaveLength(3)
    for (const walk of walks) {
      expect(walk.match(/`(src|infra)\/[\w./-]+\.ts`/g)?.length).toBeGreaterThan(7)
    }
  })
})

describe('docs/PRIVACY.md', () => {
  it('names a test for every section but the first lines', () => {
    const { text = '' } = documents.find(({ name }) => name === 'docs/PRIVACY.md') ?? {}
    const [, ...sections] = text.split('\n## ')
    expect(sections.length).toBeGreaterThan(5)
    for (const section of sections) expect(section).toMatch(/`test\/[\w/.-]+\.test\.ts`/)
  })
})

describe('docs/RULES.md', () => {
  const { text = '' } = documents.find(({ name }) => name === 'docs/RULES.md') ?? {}
  const rules = text.split('\n').filter((line) => line.startsWith('- '))

  it('has one line a rule, and nothing below the introduction but rules', () => {
    const [, ...sections] = text.split('\n## ')
    const lines = sections.flatMap((section) => section.split('\n').slice(1))
    expect(lines.filter((line) => line !== '')).toEqual(rules)
  })

  it.each(rules)('names the test of this rule: %s', (rule) => {
    const tests = [...rule.matchAll(/`(test\/[\w/.-]+\.test\.ts)`/g)].map(([, file = '']) => file)
    expect(tests).not.toEqual([])
    for (const file of tests) {
      expect(existsSync(path.join(root, file)) || file).toBe(true)
    }
  })
})
