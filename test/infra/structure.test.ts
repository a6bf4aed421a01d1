import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { root } from '../support/run.ts'

const infra = path.join(root, 'infra')

/** The packages, and what each may import of the others. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  common: ['runmat-telemetry/contract'],
  buffer: ['runmat-telemetry-common'],
  worker: [
    'runmat-telemetry/contract',
    'runmat-telemetry-common',
    'runmat-telemetry-buffer',
    // The rows that the report reads.
    'runmat-telemetry-report/facts',
    'runmat-telemetry-report/clickhouse-table',
  ],
  'udp-forwarder': ['runmat-telemetry-common', 'runmat-telemetry-buffer'],
}

/** The worker's rooms, in the order in which a request passes them. Files beside them join them. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  http: ['intake'],
  intake: [],
  sinks: [],
}
/** Names and numbers that every room of the worker may import. */
const shared = [
  'limits.ts',
  'log.ts',
  'metrics.ts',
  'settings.ts',
  'worker.ts',
  'sink-settings.ts',
  'posthog-erasure-settings.ts',
]

interface Import {
  readonly file: string
  readonly target: string
}

function importsIn(folder: string): readonly Import[] {
  return readdirSync(path.join(infra, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(path.join(infra, folder, file), 'utf8')
      const found = text.matchAll(
        /\bfrom '([^']+)'|\bimport\(\s*'([^']+)'\s*\)|^import '([^']+)'/gm,
      )
      return [...found].map(([, fixed, lazy, bare]) => ({
        file: path.join(folder, file),
        target: fixed ?? lazy ?? bare ?? '',
      }))
    })
}

/**
 * Every statement that imports, whatever it looks like: a check on the pattern above. A file that the
 * operator names is no import of ours.
 */
function countImports(folder: string): number {
  return readdirSync(path.join(infra, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((file) => readFileSync(path.join(infra, folder, file), 'utf8'))
    .reduce(
      (sum, text) => sum + [...text.matchAll(/^import\b|\bimport\((?!pathToFileURL)/gm)].length,
      0,
    )
}

describe.each(Object.entries(mayImport))('the package infra/%s', (name, allowed) => {
  const imports = importsIn(`${name}/src`)

  it('is read completely by this test', () => {
    expect(imports.length).toBeGreaterThanOrEqual(countImports(`${name}/src`))
  })

  it('imports only packages that it may', () => {
    const strays = imports
      .filter(({ target }) => target.startsWith('runmat-telemetry'))
      .filter(
        ({ target }) => !allowed.some((one) => target === one || target.startsWith(`${one}/`)),
      )
    expect(strays).toEqual([])
  })

  it('has no relative import of another package', () => {
    const strays = imports
      .filter(({ target }) => target.startsWith('.'))
      .filter(({ file, target }) => {
        const resolved = path.join(path.dirname(file), target)
        return !resolved.startsWith(`${name}/src/`)
      })
    expect(strays).toEqual([])
  })

  it('declares the packages that it imports', () => {
    const { dependencies } = JSON.parse(
      readFileSync(path.join(infra, name, 'package.json'), 'utf8'),
    ) as { dependencies: Readonly<Record<string, string>> }
    const used = imports
      .map(({ target }) => /^(?!\.|node:)(?:@[^/]+\/)?[^/]+/.exec(target)?.[0])
      .filter((one) => one !== undefined)
    expect(Object.keys(dependencies).toSorted()).toEqual([...new Set(used)].toSorted())
  })
})

describe('the worker', () => {
  it.each(Object.entries(rooms))('%s/ imports only the rooms behind it', (room, allowed) => {
    const imports = importsIn(`worker/src/${room}`).filter(({ target }) => target.startsWith('.'))
    expect(imports).not.toEqual([])
    const strays = imports.filter(({ file, target }) => {
      const [, , first = ''] = path.join(path.dirname(file), target).split('/')
      return ![room, ...allowed, ...shared].includes(first)
    })
    expect(strays).toEqual([])
  })
})
