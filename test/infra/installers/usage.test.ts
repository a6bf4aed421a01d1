import { describe, expect, it } from 'vitest'

import { canInstall, openStage } from './stage.ts'

describe.skipIf(!canInstall)('install.sh takes as wrong usage', () => {
  it.each<[string, string[], Record<string, string>]>([
    ['an unknown option', ['--force'], {}],
    ['something more', ['v1.2.3'], {}],
    ['an option without a value', ['--version'], {}],
    ['an option with an empty value', ['--dir', ''], {}],
    ['a version with a path', [], { RUNMAT_VERSION: '../../x' }],
    ['a version with dots', [], { RUNMAT_VERSION: 'v1..2' }],
    ['a version with a space', [], { RUNMAT_VERSION: 'v1.2.3 ' }],
    ['a version with a command', [], { RUNMAT_VERSION: 'v1;rm -rf ~' }],
    ['a version with a substitution', ['--version', '$(touch made)'], {}],
    ['a version of two lines', ['--version', 'v1.2.3\nv1.2.3'], {}],
    ['a version with a line end', ['--version', 'v1.2.3\n'], {}],
    ['a long version', ['--version', `v${'1'.repeat(64)}`], {}],
    ['an option as version', ['--version', '--dir'], {}],
    ['a server without https', [], { RUNMAT_RELEASES_URL: 'ftp://127.0.0.1/' }],
    ['a server with a space', [], { RUNMAT_RELEASES_URL: 'http://127.0.0.1/a b' }],
    ['a server that is a file', [], { RUNMAT_RELEASES_URL: 'file:///etc' }],
  ])('%s', async (_, args, env) => {
    const stage = await openStage()
    const ended = await stage.install({ args, env })
    expect(ended).toMatchObject({ code: 2, out: '' })
    expect(ended.err).toMatch(/^Error: .*[^]*--version VERSION/)
    expect(stage.releases.requests + stage.collector.requests).toBe(0)
    expect(stage.home.has('.runmat') || stage.home.has('.local') || stage.home.has('made')).toBe(
      false,
    )
  })
})
