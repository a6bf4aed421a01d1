import { copyFileSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { root, run } from '../support/run.ts'

const script = (name: string) => path.join(root, 'scripts/release', name)
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string
}
const platforms = ['linux-x86_64', 'linux-aarch64', 'macos-x86_64', 'macos-aarch64']

describe.concurrent('a release', () => {
  it('gives Homebrew and Scoop the hashes of its archives', async () => {
    const home = tempHome()
    copyFileSync(path.join(root, 'package.json'), home.at('package.json'))
    const archives = [
      ...platforms.map((platform) => `runmat-telemetry-${version}-${platform}.tar.gz`),
      `runmat-telemetry-${version}-windows-x86_64.zip`,
    ]
    const sums = archives.map((name, index) => [String(index).repeat(64), name] as const)
    home.write('dist/standalone/SHA256SUMS', sums.map((sum) => `${sum.join('  ')}\n`).join(''))
    expect(await run(process.execPath, [script('manifests.js')], home)).toMatchObject({ code: 0 })

    const formula = home.read('dist/standalone/runmat-telemetry.rb')
    for (const [hash, name] of sums.slice(0, -1)) {
      expect(formula).toMatch(new RegExp(`/v${version}/${name}"\\s+sha256 "${hash}"`))
    }
    expect(JSON.parse(home.read('dist/standalone/runmat-telemetry.json'))).toMatchObject({
      version,
      bin: 'runmat-telemetry.exe',
      architecture: { '64bit': { hash: '4'.repeat(64) } },
    })

    home.write('dist/standalone/SHA256SUMS', `${sums[0]?.join('  ')}\n`)
    const ended = await run(process.execPath, [script('manifests.js')], home)
    expect(ended.err).toContain('was not made')
    expect(ended.code).not.toBe(0)
  })

  it('has release notes and a matching tag', async () => {
    const home = tempHome()
    home.write('package.json', '{"version":"1.2.0"}')
    home.write('CHANGELOG.md', '# C\n\n## [1.2.0] - 2027-01-01\n\n- new\n\n## [1.1.0]\n\n- old\n')
    const notes = (tag: string) => run(process.execPath, [script('notes.js'), tag], home)
    expect(await notes('v1.2.0')).toMatchObject({ code: 0, out: '- new\n' })
    expect(await notes('v1.1.0')).toMatchObject({ code: 1 })
    home.write('CHANGELOG.md', '# C\n\n## [Unreleased]\n\n- new\n')
    expect(await notes('v1.2.0')).toMatchObject({ code: 1 })
  })

  it('publishes its package, and not a repository with the name of its folder', async () => {
    const home = tempHome()
    home.write('package/package.json', '{"name":"runmat-telemetry","version":"9.9.9"}')
    home.write('release/SHA256SUMS', '')
    const env = {
      npm_config_offline: 'true',
      npm_config_registry: 'http://127.0.0.1:9',
      GIT_SSH_COMMAND: 'false',
    }
    const pack = ['pack', '../package', '--silent']
    expect(await run('npm', pack, home, { env, cwd: home.at('release') })).toMatchObject({
      code: 0,
    })
    const workflow = readFileSync(path.join(root, '.github/workflows/release.yml'), 'utf8')
    const [, command] = /run: (npm publish .*)/.exec(workflow) ?? []
    const { code, out } = await run('sh', ['-c', `${command} --dry-run`], home, { env })
    expect({ code, out }).toEqual({ code: 0, out: '+ runmat-telemetry@9.9.9\n' })
  })
})
