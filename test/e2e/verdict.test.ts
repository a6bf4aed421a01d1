import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { optOuts } from '../support/opt-outs.ts'
import { cliJson } from '../support/run.ts'

interface Status {
  collecting: boolean
  uploading: boolean
  decided_by: string
  rules: { rule: string; source: string | null; value: unknown; effect: string }[]
}

const order = optOuts.map(({ rule }) => rule)

describe('the verdict', () => {
  it('is on if no rule objects', async () => {
    const status = await cliJson<Status>(tempHome(), ['status'])
    expect(status).toMatchObject({ collecting: true, uploading: true, decided_by: 'default' })
    // No test writes to the folder of the machine's own file.
    const every = order.toSpliced(3, 0, 'system_settings')
    expect(status.rules.map(({ rule }) => rule)).toEqual([...every, 'collector', 'uploads'])
    expect(status.rules.every(({ effect }) => effect === 'none')).toBe(true)
  })

  it.concurrent.each(optOuts)('is off under $rule alone', async ({ rule, source, say }) => {
    const home = tempHome()
    const status = await cliJson<Status>(home, ['status'], { env: say(home) })
    expect(status).toMatchObject({ collecting: false, uploading: false, decided_by: rule })
    const off = status.rules.filter(({ effect }) => effect === 'off')
    expect(off).toEqual([expect.objectContaining({ rule, source: source(home) })])
  })

  const pairs = optOuts.flatMap((one, index) =>
    optOuts
      .slice(index + 1)
      .map((other) => ({ one, other, name: `${one.rule} and ${other.rule}` })),
  )

  it.concurrent.each(pairs)('is off under $name', async ({ one, other }) => {
    const home = tempHome()
    const env = { ...one.say(home), ...other.say(home) }
    // One variable names one file: next to a named file that says no, another one is broken.
    if (one.rule === 'named_settings' && other.rule === 'invalid_settings') {
      Object.assign(env, one.say(home))
      home.write(home.settings, 'a = \n')
    }
    const status = await cliJson<Status>(home, ['status'], { env })
    expect(status).toMatchObject({ collecting: false, uploading: false, decided_by: one.rule })
    const off = status.rules.filter(({ effect }) => effect === 'off').map(({ rule }) => rule)
    expect(off).toEqual([one.rule, other.rule])
  })
})
