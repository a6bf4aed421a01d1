import path from 'node:path'

import { describe, expect, it } from 'vitest'

import {
  all,
  broken,
  countingOnly,
  delivery,
  erasePending,
  foreign,
  fresh,
  gone,
  idOf,
  offInSettings,
  ownProject,
  sent,
  setAside,
  type State,
  unseen,
  waiting,
} from '../screens/states.ts'
import { runmat } from '../../src/product/runmat.ts'
import { fillQueue } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { optOuts } from '../support/opt-outs.ts'
import { cli } from '../support/run.ts'
import { openView, textOf, visit } from './stage.ts'

const preload = path.join(import.meta.dirname, '../screens/preload.cjs')

/** What the page says in this state, at the moment of the screens. */
async function pageIn(home: Home, env: Readonly<Record<string, string | undefined>>) {
  const NODE_OPTIONS = `${home.env['NODE_OPTIONS'] ?? ''} --require=${preload}`
  const args = ['view', '--export', home.at('page.html')]
  const ended = await cli(home, args, { env: { ...env, NODE_OPTIONS } })
  expect(ended).toMatchObject({ code: 0, err: '' })
  const page = home.read('page.html')
  expect(Buffer.byteLength(page)).toBeLessThan(60_000)
  return textOf(page).replaceAll(/\s+/g, ' ')
}

const states: readonly (readonly [string, State, readonly string[]])[] = [
  ['nothing recorded', fresh, ['Nothing has been recorded on this machine yet.', '"preview"']],
  [
    'nothing recorded because it is off',
    offInSettings,
    [
      'Nothing is recorded while telemetry is off. An event would have these fields, and no others:',
      'Events would go to https://api.runmat.com/v1/t (built in)',
      'Client id none',
      'This page was saved by runmat-telemetry view --export on 2026-03-14 15:09 UTC. ' +
        'It loads nothing from anywhere.',
      // It may all have been erased.
      'Nothing is on record as sent What is counted on this machine',
    ],
  ],
  [
    'nothing but counters',
    all(waiting(0), countingOnly),
    ['No event is made while nothing may be sent. One would have these fields, and no others:'],
  ],
  [
    'nothing left to send',
    waiting(0),
    ['An event that is recorded now would have these fields, and no others:'],
  ],
  [
    'a capability that nobody knows',
    waiting(0, { feature_capabilities: { constructor: true } }),
    ['Available here constructor yes'],
  ],
  [
    'events waiting while it is off',
    all(waiting(2), offInSettings),
    ['2 events waiting None of these is sent while telemetry is off.'],
  ],
  [
    'no key in this build',
    () => ({ RUNMAT_TELEMETRY_KEY: '' }),
    [
      'This build has no ingestion key, so nothing is sent.',
      'RunMat itself, in this folder Reads no settings file',
      'Telemetry on, if its build has an ingestion key',
    ],
  ],
  ['events waiting', waiting(3), ['3 events waiting', 'recorded 3 minutes ago']],
  [
    'events sent',
    all(waiting(0), sent(3)),
    [
      'sent 50 minutes ago to https://api.runmat.com/v1/t, not confirmed',
      'UDP, unconfirmed',
      'confirmed (204)',
    ],
  ],
  [
    'the endpoint down',
    all(waiting(3), delivery('failed: refused', 40)),
    [
      'Could not reach api.runmat.com (connection refused). 3 events kept; next try in about 40 seconds at the earliest, when RunMat runs.',
    ],
  ],
  [
    'the collector’s no',
    all(waiting(0, { version: '0.6.1' }), gone),
    [
      'The collector asked this version (0.6.1) to send nothing more.',
      'The next version of RunMat may send again.',
    ],
  ],
  [
    'a folder of somebody else',
    foreign,
    [
      '~/.cache/runmat/telemetry is a link.',
      '~/.cache/runmat can be written by other users.',
      'Until that is put right, nothing is kept or sent.',
    ],
  ],
  ['files set aside', setAside, ['2 files that hold no event were set aside, never to be sent']],
  ['the notice unseen', unseen, ['Nothing is sent automatically until you have seen the notice.']],
  [
    'an erasure pending',
    all(offInSettings, waiting(0), erasePending),
    [
      'has not yet confirmed the erasure that was asked for 3 hours ago.',
      'Until it does, the client id stays here: it is needed to ask again.',
      'To ask again: runmat-telemetry forget',
    ],
  ],
  [
    'a project that hides the opt-out',
    all(offInSettings, ownProject),
    ['Warning: RunMat itself would still send from here. It reads only ~/runmat.toml here'],
  ],
]

describe.concurrent('the page', () => {
  it.each(states)('with %s', async (_, state, sentences) => {
    const home = tempHome()
    const text = await pageIn(home, state(home) ?? {})
    for (const sentence of sentences) expect(text).toContain(sentence)
  })

  it.each(optOuts.map((one) => [one.rule, one] as const))(
    'while telemetry is off by %s',
    async (rule, { say }) => {
      const home = tempHome()
      const env = say(home)
      const text = await pageIn(home, env)
      const [headline = '', reason = ''] = (await cli(home, ['status'], { env })).out.split('\n')
      expect(text).toContain(`${headline} ${reason}`)
      expect(text).toMatch(new RegExp(`${rule} (off|send nothing)`))
    },
  )

  it('keeps the caret below the mistake, and has no switch that can’t work', async () => {
    const home = tempHome()
    broken(home)
    const { body } = await (await visit(await openView(home)))({ path: '/' })
    expect(textOf(body)).toMatch(/^ {2}3: {2}enabled = flase\n {16}\^/m)
    expect(body).not.toContain('action="/disable"')
    expect(body).not.toContain('action="/enable"')
    const text = 'It stays off until you have corrected ~/.config/runmat/config.toml.'
    expect(textOf(body)).toContain(text)
  })

  it('counts a thousand waiting and ten thousand sent events, and shows some of each', async () => {
    const home = tempHome()
    fillQueue(home, 1000)
    // Short events, so that the ledger holds so many.
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const event = { event_label: 'install_start', uuid: String(index) }
      return `${JSON.stringify({ sent_at: '2026-03-01T00:00:00Z', endpoint: 'e', event })}\n`
    })
    home.write(path.join(home.state, 'sent.ndjson'), lines.join(''))
    const request = await visit(await openView(home))
    const { body } = await request({ path: '/' })
    expect(Buffer.byteLength(body)).toBeLessThan(60_000)
    expect(textOf(body)).toContain('1,000 events waiting')
    expect(textOf(body)).toContain('10,000 events sent')
    const last = await request({ path: '/?sent=500&waiting=50' })
    expect(textOf(last.body)).toContain('"uuid":"0"')
    expect(Buffer.byteLength(last.body)).toBeLessThan(60_000)
  })

  it('is small however much there is to show', async () => {
    const home = tempHome()
    const { usage, runtime } = runmat
    const count = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, 1_234_567]))
    const outcomes = Object.entries(usage.outcomes).flatMap(([name, ends]) =>
      ends.map((end) => `${name}_${end}`),
    )
    waiting(0, {
      subcommand_counts: count([...usage.subcommands, ...outcomes]),
      selections: count(usage.selections),
      feature_capabilities: Object.fromEntries(
        Object.keys(usage.capabilities).map((name) => [name, true]),
      ),
    })(home)
    const { payload, ...envelope } = JSON.parse((await cli(home, ['print', 'runtime'])).out) as {
      payload: object
    }
    const failure = {
      success: false,
      error: 'RunMat:IndexOutOfBounds',
      'runtime.failure.stage': runtime?.failures.stages[0],
      'runtime.failure.code': 'RunMat:IndexOutOfBounds',
      'runtime.failure.has_span': true,
      'runtime.failure.host': runtime?.failures.hosts[0],
      'runtime.failure.component': 'name_resolution',
    }
    const runs = Array.from({ length: 80 }, (_, index) => {
      const run = { ...envelope, uuid: idOf(index), payload: { ...payload, ...failure } }
      return JSON.stringify(run)
    })
    const sentAt = '2026-03-01T00:00:00Z'
    const lines = runs.slice(40).map((event, index) => {
      const endpoint = `https://telemetry.example.com/v1/t?of=${index}`
      return `{"sent_at":"${sentAt}","endpoint":"${endpoint}","event":${event}}\n`
    })
    home.write(path.join(home.state, 'sent.ndjson'), lines.join(''))
    for (const [index, event] of runs.slice(0, 40).entries()) {
      home.write(path.join(home.state, 'queue', `${index + 10}.json`), event)
    }
    const request = await visit(await openView(home))
    for (const shown of ['/', `/?event=${idOf(0)}`, `/?event=${idOf(40)}&sent=2`]) {
      const { body } = await request({ path: shown })
      expect(textOf(body)).toContain('40 events waiting')
      expect(Buffer.byteLength(body)).toBeLessThan(60_000)
    }
  })

  it('is served twice at once, each to a browser of its own', async () => {
    const home = tempHome()
    const [one, other] = await Promise.all([openView(home), openView(home)])
    expect(one.port).not.toBe(other.port)
    const [first, second] = await Promise.all([visit(one), visit(other)])
    const origin = `http://127.0.0.1:${one.port}`
    await first({ method: 'POST', path: '/disable', headers: { origin } })
    expect((await second({ path: '/' })).body).toContain('RunMat telemetry is off.')
  })

  it('can be looked at in a home that can’t be written, and says why its switch fails', async () => {
    const home = tempHome()
    const NODE_OPTIONS = `${home.env['NODE_OPTIONS'] ?? ''} --require=${preload}`
    const env = { ...home.env, NODE_OPTIONS, TEST_READ_ONLY: '1' }
    const opened = await openView({ ...home, env })
    const request = await visit(opened)
    expect((await request({ path: '/' })).status).toBe(200)
    const headers = { origin: `http://127.0.0.1:${opened.port}` }
    const failed = await request({ method: 'POST', path: '/disable', headers })
    expect(failed.status).toBe(500)
    expect(textOf(failed.body)).toContain('config.toml: the file system is read-only.')
    expect(textOf(failed.body)).toContain('Telemetry is still on.')
  })
})
