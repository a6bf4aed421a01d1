import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { beforeAll, describe, expect, it } from 'vitest'

import { tempHome, type Home } from './support/home.ts'
import { launcher, root, run } from './support/run.ts'
import { requireTool } from './support/tools.ts'

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

let home: Home
let packed: Packed
const prefix = () => home.at('prefix')
// Another Node than that of the build may run these tests.
const { compiled } = createRequire(import.meta.url)(launcher) as { compiled: string }
const isCompiled = existsSync(compiled)
const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--offline']

// Packed from what was built for these tests, and installed as a user would, without any network.
beforeAll(() => {
  home = tempHome()
  const cache = { ...process.env, npm_config_cache: home.at('npm-cache') }
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', home.path]
  const options = { cwd: root, encoding: 'utf8', env: cache } as const
  packed = (JSON.parse(execFileSync('npm', args, options)) as Packed[])[0] as Packed
  const tarball = home.at(packed.filename)
  execFileSync('npm', ['install', '--global', '--prefix', prefix(), ...quiet, tarball], options)
}, 120_000)

const library = () => path.join(prefix(), 'lib/node_modules/runmat-telemetry')

describe('the package', () => {
  it('contains what is needed and nothing else', () => {
    const strays = packed.files
      .map((file) => file.path)
      .filter((name) => !/^(bin|dist|man)\/|^(package\.json|README\.md|LICENSE)$/.test(name))
    expect(strays).toEqual([])
    expect(packed.files.map((file) => file.path)).toEqual(
      expect.arrayContaining([
        'bin/runmat-telemetry.js',
        'dist/cli.cjs',
        'dist/upload.cjs',
        'dist/index.js',
        'dist/types/entry/library.d.ts',
        'dist/THIRD-PARTY-LICENSES.txt',
        'man/runmat-telemetry.1',
      ]),
    )
  })

  it('stays within its size limit', async () => {
    const { code, out } = await run(process.execPath, ['scripts/size.js'], home, { cwd: root })
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/unpackedSize: \d+ kB/) })
  })

  it('has no dependencies and runs nothing when it is installed', () => {
    expect(readdirSync(path.join(prefix(), 'lib/node_modules'))).toEqual(['runmat-telemetry'])
    const { scripts, dependencies } = JSON.parse(
      readFileSync(path.join(library(), 'package.json'), 'utf8'),
    ) as { scripts: Record<string, string>; dependencies?: unknown }
    expect(dependencies).toBeUndefined()
    expect(scripts).not.toHaveProperty('preinstall')
    expect(scripts).not.toHaveProperty('install')
    expect(scripts).not.toHaveProperty('postinstall')
  })

  it.skipIf(!isCompiled).each([
    ['status', ['cli.cjs']],
    ['disable', ['cli.cjs']],
    ['--version', ['cli.cjs', 'parse.cjs', 'rolldown-runtime.cjs']],
  ])('opens few files for %s and uses the compiled code of each', async (word, files) => {
    const bin = path.join(library(), 'bin/runmat-telemetry.js')
    const code = `
      const { open, scripts } = require(${JSON.stringify(bin)})
      const told = ([file, { script }]) => [path.basename(file), script.cachedDataRejected]
      open('cli').start(['${word}']).then(() => console.log(JSON.stringify([...scripts].map(told))))`
    const { out } = await run(process.execPath, ['-e', code], tempHome())
    const opened = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as unknown
    expect(opened).toEqual(files.map((file) => [file, false]))
  })

  it.skipIf(!isCompiled)('loads the library for a host with its compiled code', async () => {
    const bin = path.join(library(), 'bin/runmat-telemetry.js')
    const code = `
      const { scripts } = require(${JSON.stringify(bin)})
      import(${JSON.stringify(pathToFileURL(path.join(library(), 'dist/index.js')).href)}).then(
        ({ openTelemetry, runmat }) => {
          openTelemetry(runmat, { version: '1.2.3' }).count('run', 'success')
          const told = ([file, { script }]) => [path.basename(file), script.cachedDataRejected]
          console.log(JSON.stringify([...scripts].map(told)))
        })`
    const { out } = await run(process.execPath, ['-e', code], tempHome())
    expect(JSON.parse(out)).toEqual([['lib.cjs', false]])
  })

  it.skipIf(!requireTool('mman'))('has a man page that man finds', async () => {
    const pages = path.join(prefix(), 'share/man')
    const ended = await run('mman', ['-M', pages, '-T', 'ascii', 'runmat-telemetry'], tempHome())
    expect(ended.code).toBe(0)
    expect(ended.out).toMatch(/^RUNMAT-TELEMETRY\(1\)/)
    expect(ended.out).toContain('RunMat sends telemetry to its makers')
  })

  it('has a command and a man page', async () => {
    const status = await run(path.join(prefix(), 'bin/runmat-telemetry'), ['status'], tempHome())
    expect(status).toMatchObject({ code: 0, err: '' })
    expect(status.out).toMatch(/^RunMat telemetry is on\./)
    expect(readdirSync(path.join(prefix(), 'share/man/man1'))).toEqual(['runmat-telemetry.1'])
  })

  it('can be imported by a host, with its types', async () => {
    const host = tempHome()
    host.write(
      'host.mjs',
      `import { openTelemetry, runmat } from 'runmat-telemetry'
       import { contractsOf } from 'runmat-telemetry/contract'
       const telemetry = openTelemetry(runmat, { version: '1.2.3' })
       telemetry.count('run', 'success')
       await telemetry.close()
       console.log(contractsOf(runmat).length)`,
    )
    host.write('node_modules/.keep', '')
    symlinkSync(library(), host.at('node_modules/runmat-telemetry'))
    const ended = await run(process.execPath, ['host.mjs'], host)
    expect(ended).toMatchObject({ code: 0, out: '4\n' })
    host.write(
      'host.mts',
      `import { openTelemetry, runmat, type Product } from 'runmat-telemetry'
       const product: Product = { ...runmat, id: 'other' }
       openTelemetry(product, { version: '1.2.3' }).startRun({
         runKind: 'script', jitEnabled: true, accelerateEnabled: false,
       })
       // @ts-expect-error a version is text
       openTelemetry(product, { version: 1 })`,
    )
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--lib',
      'es2023',
      '--types',
      '',
    ]
    const types = await run(process.execPath, [tsc, ...options, 'host.mts'], host)
    expect(types.out).toBe('')
  })
})
