import path from 'node:path'

import { expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { root, run } from '../support/run.ts'

it('20 s of mixed faults lose no queued event and duplicate none', async () => {
  const home = tempHome()
  const script = path.join(root, 'scripts/soak/run.js')
  const { code, out, err } = await run(
    process.execPath,
    [script, '--seconds', '20', '--seed', '7'],
    home,
  )
  expect({ code, err, broken: out.match(/^BROKEN .*/gm) }).toEqual({
    code: 0,
    err: '',
    broken: null,
  })
  expect(out.match(/^holds /gm)).toHaveLength(8)
  for (const what of ['PostHog changes its mood', 'worker killed', 'host killed', 'opt-out']) {
    expect(out).toContain(what)
  }
  // Guards against an empty run. (How many datagrams survive the kills is chance.)
  expect(out).not.toMatch(/: 0 (events queued|copies)/)
}, 180_000)
