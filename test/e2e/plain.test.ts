import { describe, expect, it } from 'vitest'

import { cli } from '../support/run.ts'
import { tempHome } from '../support/home.ts'

const words = ['status', 'print', 'enable', 'disable']
const lines = words.flatMap((word) => [[word], [word, '--json']])

describe('a command line that needs no parser', () => {
  it.each(lines)('does what the full parser would do: %s %s', async (...line) => {
    const given = line.filter((word) => word !== undefined)
    // Two dashes end the options, and say nothing that only the parser knows.
    expect(await endOf(given)).toEqual(await endOf([...given, '--']))
  })

  it.each([
    ['status', 'status'],
    ['status', '--json', 'x'],
    ['status --json'],
    ['constructor'],
    ['print', 'toString'],
    ['disable', '--Json'],
  ])('is recognised only word for word: %s %s %s', async (...line) => {
    const ended = await cli(
      tempHome(),
      line.filter((word) => word !== undefined),
    )
    expect(ended).toMatchObject({ code: 2, out: '' })
  })
})

/** How it ended, what it said and what it left behind, but for ids, times and the home's name. */
async function endOf(line: readonly string[]): Promise<unknown> {
  const home = tempHome()
  const { code, out, err } = await cli(home, line)
  const tidy = (text: string) =>
    text
      .replaceAll(home.path, '~')
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'a time')
  const settings = home.has(home.settings) ? home.read(home.settings) : undefined
  return { code, out: tidy(out), err: tidy(err), settings }
}
