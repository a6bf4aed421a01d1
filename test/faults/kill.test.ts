import { spawn } from 'node:child_process'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { noteSent } from '../../src/store/ledger.ts'
import { eventually } from '../support/eventually.ts'
import { fillQueue, queueContent } from '../support/events.ts'
import type { Home } from '../support/home.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { cli, cliJson, executable } from '../support/run.ts'
import { idOf, stage, ownUploader, uploaderEnv } from './stage.ts'

const inFlight = 8
const kills = 25
const waiting = 60

describe.concurrent('an uploader that is killed at any moment', () => {
  // Two queues at once make use of two processors; 50 kills in all.
  it.each(['one', 'another'])(
    'loses no event and repeats only those whose answer it missed (%s queue)',
    async () => {
      const { home, collector } = await stage()
      let arrived: () => void = () => undefined
      collector.setAnswer(() => {
        arrived()
        return { status: 204, afterMs: Math.random() * 12 }
      })
      // A count of posts, not of milliseconds: a busy machine gets as far before each kill.
      const killIn = (run: number) =>
        killed(home, `run-${run}`, (kill) => {
          // From before it has the lock to some time after it has.
          if (run % 5 === 0) return void setTimeout(kill, Math.random() * 100)
          let left = 1 + ((run * 7) % (5 * inFlight))
          arrived = () => {
            left -= 1
            if (left === 0) setTimeout(kill, Math.random() * 12)
          }
        })
      let queued = fillQueue(home, waiting).length
      const victims = new Set<string>()
      for (let run = 1; victims.size < kills; run += 1) {
        const missing = waiting - Object.keys(queueContent(home)).length
        queued += fillQueue(home, missing, queued + 1).length
        // The key of each uploader is its name: so the collector sees which one posted.
        if (await killIn(run)) victims.add(`run-${run}`)
      }
      // One that dies while it takes over a dead one's lock leaves that closed for a moment.
      const upload = async () => expect((await cli(home, ['upload'])).code).toBe(0)
      await eventually(upload, { interval: 200 })
      expect(queueContent(home)).toEqual({})

      const lastPost = new Map(collector.events.map((event) => [idOf(event), event]))
      expect(lastPost.size).toBe(queued)
      const repeated = collector.events.filter((event) => lastPost.get(idOf(event)) !== event)
      const posters = repeated.map(({ headers }) => String(headers['x-telemetry-key']))
      expect(posters.filter((name) => !victims.has(name))).toEqual([])
      for (const name of victims) {
        expect(posters.filter((one) => one === name).length).toBeLessThanOrEqual(inFlight)
      }
      // The moments were well chosen: some hit it at work, and it got on all the same.
      expect(repeated.length).toBeGreaterThan(0)
      expect(queued).toBeGreaterThan(waiting * 2)
    },
    300_000,
  )
})

describe.skipIf(executable !== undefined)('an uploader that is killed', () => {
  it('sends nothing again that it has noted as delivered', async () => {
    const { home, collector } = await stage()
    fillQueue(home, 3)
    const go = home.at('go')
    const hold = { call: /remove .*queue.*\.json$/, go }
    const env = withFsFaults(home, { hold })
    const whenHeld = async (kill: () => void) => {
      await eventually(() => expect(home.has(`${go}.held`)).toBe(true))
      kill()
    }
    expect(await killed(home, 'victim', (kill) => void whenHeld(kill), env)).toBe(true)
    const noted = (await cliJson<unknown[]>(home, ['log'])).length
    expect(noted).toBeGreaterThan(0)
    expect(Object.keys(queueContent(home))).toHaveLength(3)
    expect((await cli(home, ['upload'])).code).toBe(0)
    expect(queueContent(home)).toEqual({})
    expect(await cliJson<unknown[]>(home, ['log'])).toHaveLength(3)
    const posters = collector.events.map(({ headers }) => String(headers['x-telemetry-key']))
    expect(posters.filter((name) => name !== 'victim').length).toBeLessThanOrEqual(3 - noted)
  })
})

describe('a host that was killed', () => {
  it('has nothing sent again that it had noted as delivered', async () => {
    const { home, collector } = await stage()
    const [sent, other] = fillQueue(home, 2)
    const sending = {
      sentAt: '2026-01-01T00:00:00Z',
      endpoint: collector.url,
      via: 'http',
    } as const
    noteSent(
      path.join(home.state, 'sent.ndjson'),
      { ...sending, confirmed: true },
      sent?.bytes ?? '',
    )
    home.write(path.join(home.state, 'senders', sent?.id ?? ''), '{"pid":999999999,"born":"1"}\n')
    if (executable === undefined) {
      const env = withFsFaults(home, { fail: /^open .*ndjson$/ })
      const { code, err } = await cli(home, ['upload'], { env })
      expect(code).toBe(1)
      expect(err).toMatch(/Cannot read .*sent\.ndjson: the disk reported an error/)
    }
    expect((await cli(home, ['upload'])).code).toBe(0)
    expect(queueContent(home)).toEqual({})
    expect(collector.events.map(idOf)).toEqual([other?.id])
  })
})

/** Runs an uploader until it is killed. False where it ended before that by itself. */
function killed(
  home: Home,
  name: string,
  plan: (kill: () => void) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const child = spawn(ownUploader.command, ownUploader.args, {
    cwd: home.path,
    env: { ...home.env, ...uploaderEnv, ...env, RUNMAT_TELEMETRY_KEY: name },
    stdio: 'ignore',
  })
  plan(() => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_, signal) => resolve(signal === 'SIGKILL'))
  })
}
