import path from 'node:path'

import { afterAll, beforeAll, describe, it } from 'vitest'

import { answers, changing, forgetsAt, uploadsTo } from './screens/changing.ts'
import { looking } from './screens/looking.ts'
import { choices } from './screens/menu.ts'
import { type Scene, textOf } from './screens/take.ts'
import { words } from './screens/words.ts'
import { type Collector, startCollector } from './support/collector.ts'
import { requireTool } from './support/tools.ts'

// Events name the platform on which they were made.
const isSameMachine = process.platform === 'linux' && process.arch === 'x64'

/** Many screens one after the other, on a machine that may be ever so busy. */
const minute = 60_000

const fileOf = (name: string) => path.join(import.meta.dirname, 'screens', `${name}.txt`)

describe.skipIf(!isSameMachine || !requireTool('script')).concurrent('the screens of', () => {
  const collectors: Record<number, Collector> = {}
  beforeAll(async () => {
    // Homes have names of one length, so that lines break at the same words on each machine.
    process.env['TMPDIR'] = '/tmp'
    for (const status of answers) collectors[status] = await startCollector({ answer: status })
  })
  afterAll(() => Promise.all(Object.values(collectors).map(({ stop }) => stop())))

  const scenes: Readonly<Record<string, () => readonly Scene[]>> = {
    ...Object.fromEntries(
      Object.entries({ ...looking, ...changing, ...choices, ...words }).map(([name, list]) => [
        name,
        () => list,
      ]),
    ),
    upload: () => uploadsTo(collectors),
    forget: () => forgetsAt(collectors),
  }
  for (const [name, scenesOf] of Object.entries(scenes)) {
    it(
      `${name} are those in test/screens (npm run screens renews them)`,
      { timeout: 3 * minute },
      async ({ expect }) => {
        await expect(await textOf(scenesOf())).toMatchFileSnapshot(fileOf(name))
      },
    )
  }
})
