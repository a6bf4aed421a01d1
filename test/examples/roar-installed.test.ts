import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { root } from '../support/run.ts'
import { bareStage, example, job, stage, triggersOf } from './stage.ts'

/** Installs roar and the package it depends on, as npm would, and answers with the program. */
function install(folder: string, version = '0.2.12'): string {
  const library = path.join(folder, 'node_modules/runmat-telemetry')
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(path.join(root, part), path.join(library, part), { recursive: true })
  }
  mkdirSync(folder, { recursive: true })
  for (const name of ['roar.js', 'job.js', 'product.js']) {
    const text = readFileSync(path.join(example, name), 'utf8')
    writeFileSync(path.join(folder, name), text.replace("'0.2.12'", `'${version}'`))
  }
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}')
  return path.join(folder, 'roar.js')
}

describe.concurrent('an installed roar', () => {
  it('delivers from a folder with special characters in its name', async () => {
    const file = install(tempHome().at("Program Files (x86)/it's 100% ünser #1?"))
    const { roar, quiet, delivered, queued } = await stage(file)
    await roar(['show'])
    await roar(['run', '--', ...job])
    await quiet()
    expect(triggersOf(delivered())).toHaveLength(3)
    // The commands start an uploader too, and are another file of the package.
    await roar(['telemetry', 'record', 'usage'], {
      input: '{"subcommand": "init", "version": "0.2.12"}',
    })
    await quiet()
    expect(triggersOf(delivered()).at(-1)).toBe('init')
    expect(queued()).toEqual([])
  })

  it('reports each version once, and init, reset and register once per version', async () => {
    const old = install(tempHome().path, '0.2.12')
    const { roar, quiet, delivered, home } = await stage(old)
    await roar(['init'])
    await roar(['register'])
    await quiet()
    const before = delivered().length
    cpSync(install(tempHome().path, '0.3.0'), old)
    for (const step of ['show', 'register', 'register', 'reset', 'init', 'show']) {
      expect((await roar([step])).err).toBe('')
      await quiet()
    }
    expect(home.has('.roar')).toBe(true)
    const after = delivered().slice(before)
    expect(triggersOf(after)).toEqual(['first_seen_for_version', 'register', 'reset', 'init'])
    expect(new Set(after.map(({ version }) => version))).toEqual(new Set(['0.3.0']))
  })

  it('ignores relative XDG folders, as their specification asks, and still delivers', async () => {
    const { roar, quiet, delivered, files, home } = await stage(undefined, {
      XDG_CONFIG_HOME: 'config',
      XDG_CACHE_HOME: './cache',
    })
    const { out } = await roar(['telemetry', 'status', '--json'])
    const { paths } = JSON.parse(out) as { paths: Record<string, string> }
    expect(paths['settings']).toBe(home.at('.config/roar/global.toml'))
    expect(Object.values(paths).every((one) => path.isAbsolute(one))).toBe(true)
    mkdirSync(home.at('elsewhere'))
    await roar(['show'], { cwd: home.at('elsewhere') })
    await roar(['run', '--', ...job])
    await quiet()
    expect(triggersOf(delivered())).toHaveLength(3)
    expect(files().filter((name) => !name.startsWith('.'))).toEqual([])
  })

  it('loads the commands only when they are used', async () => {
    const { roar, home } = await bareStage()
    const loaded = async (words: readonly string[], folder: string) => {
      await roar(words, { env: { NODE_V8_COVERAGE: home.at(folder) } })
      return readdirSync(home.at(folder))
        .map((name) => home.read(path.join(folder, name)))
        .join('\n')
    }
    expect(await loaded(['show'], 'of-show')).not.toContain('dist/cli.cjs')
    expect(await loaded(['telemetry', 'status'], 'of-status')).toContain('dist/cli.cjs')
  })
})
