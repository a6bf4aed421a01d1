import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'

import { expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { type Ended, root, run } from '../support/run.ts'

/** Runs the demo as `npm run demo` does, and lists what it left behind. */
async function demonstrate(options?: string): Promise<Ended & { readonly left: string[] }> {
  const home = tempHome()
  mkdirSync(home.at('tmp'))
  const before = readdirSync(home.path, { recursive: true, encoding: 'utf8' })
  const { NODE_OPTIONS = '' } = home.env
  const ended = await run(process.execPath, [path.join(root, 'scripts/demo/run.js')], home, {
    env: {
      TMPDIR: home.at('tmp'),
      // The caller's own opt-out must not affect the demo.
      DO_NOT_TRACK: '1',
      COLUMNS: '80',
      ...(options && { NODE_OPTIONS: `${NODE_OPTIONS} ${options}` }),
    },
  })
  const after = readdirSync(home.path, { recursive: true, encoding: 'utf8' })
  return { ...ended, left: after.filter((name) => !before.includes(name)) }
}

it('the demo keeps every promise it shows, in plain text, and leaves nothing behind', async () => {
  const { code, out, err, left } = await demonstrate()
  expect({ code, err, left }).toEqual({ code: 0, err: '', left: [] })
  expect(out).not.toContain('\u001b')
  expect(out).not.toContain('BROKEN')
  // Lines break between words, but the bytes of an event are shown as they are.
  const lines = out.split('\n').filter((line) => !line.startsWith('   | {'))
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  expect(out.match(/^ {3}✓ /gm)).toHaveLength(12)
  // It ends with a report of what it sent.
  expect(out).toMatch(/ 1 +0 +0 +100\.0 % /)
  expect(out).toMatch(/RunMat:UndefinedFunction +compiler +hir .* 33\.3 %/)
  expect(out).toMatch(/\nEvery promise was kept\.\n$/)
})

it('the demo exits with 1 if a promise is not kept, and still cleans up', async () => {
  const breaker = tempHome().write(
    'breaker.cjs',
    `if (/worker\\.js$/.test(process.argv[1] ?? '')) process.exit(3)`,
  )
  const { code, out, left } = await demonstrate(`--require=${breaker}`)
  expect({ code, left }).toEqual({ code: 1, left: [] })
  expect(out).toContain('BROKEN: this runs to its end (')
})
