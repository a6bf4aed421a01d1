import { optOuts } from '../support/opt-outs.ts'
import {
  all,
  broken,
  clientId,
  countingOnly,
  doNotTrack,
  delivery,
  endpoint,
  erasePending,
  foreign,
  fresh,
  gone,
  goneForAll,
  idOf,
  junk,
  offInSettings,
  ownProject,
  readOnly,
  sent,
  sentNow,
  set,
  setAside,
  settings,
  unseen,
  waiting,
} from './states.ts'
import { type Scene, scene } from './take.ts'

/** The screens of the commands that look, and change nothing. */

const noKey = set({ RUNMAT_TELEMETRY_KEY: '' })

const status: readonly Scene[] = [
  scene('nothing recorded yet', 'status', fresh),
  scene('events are waiting', 'status', waiting(3)),
  scene('events were sent', 'status', all(waiting(0), sent(12))),
  scene('the endpoint is down', 'status', all(waiting(3), delivery('failed: refused', 40))),
  scene(
    'the collector does not accept the key',
    'status',
    all(waiting(1), delivery('the collector answered 401', 3600)),
    { once: true },
  ),
  scene(
    'the collector does not confirm',
    'status',
    all(waiting(1), delivery('the collector answered 202', 86_400)),
    { once: true },
  ),
  scene('nobody has seen the notice', 'status', unseen),
  scene('turned off', 'status', offInSettings),
  scene('counting only', 'status', countingOnly),
  scene('the collector asked to stop', 'status', all(waiting(0, { version: '0.6.1' }), gone)),
  scene(
    'the collector asked to stop, whatever version it is',
    'status',
    all(waiting(0), goneForAll),
    {
      once: true,
    },
  ),
  scene('no key in this build', 'status', noKey, { once: true }),
  scene('settings that cannot be read', 'status', broken),
  scene('the project’s file hides the user’s opt-out', 'status', all(offInSettings, ownProject)),
  scene('an address of one’s own', 'status', endpoint('https://telemetry.example.com/v1/t'), {
    once: true,
  }),
  scene('files were set aside', 'status', all(waiting(1), setAside)),
  scene('folders that others can write to', 'status', foreign),
  scene('an erasure is not confirmed yet', 'status', all(offInSettings, waiting(0), erasePending)),
  scene('a queue that was full', 'status', waiting(2, { dropped: 1234 }), { once: true }),
  scene('a read-only home', 'status', readOnly, { once: true }),
  ...optOuts.map(({ rule, say }) =>
    scene(`off by ${rule}`, 'status | head -n 3', (home) => toEnv(say(home)), { once: true }),
  ),
  scene('off by an unclear word', 'status | head -n 3', set({ RUNMAT_TELEMETRY: 'enabled' }), {
    once: true,
  }),
  scene(
    'off by several rules',
    'status | head -n 5',
    all(offInSettings, doNotTrack, set({ CI: 'true' })),
    { once: true },
  ),
  scene('as JSON', 'status --json', all(waiting(3), delivery('failed: refused', 40)), {
    once: true,
  }),
]

function toEnv(said: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(said).map(([name, value]) => [name, value ?? '']))
}

const print: readonly Scene[] = [
  scene('nothing recorded yet', 'print', fresh),
  scene('events are waiting', 'print', waiting(3), { once: true }),
  scene('telemetry is off', 'print', doNotTrack, { once: true }),
  scene('a finished run', 'print runtime', waiting(0), { once: true }),
  scene('a started run', 'print runtime --started', waiting(0), { once: true }),
  scene('an installation', 'print install', waiting(0), { once: true }),
  scene('an installation that begins', 'print install --started', waiting(0), { once: true }),
  scene('usage events have no beginning', 'print --started', fresh),
  scene('exact bytes', 'print --raw', waiting(0), { once: true }),
  scene('into a pipe', 'print | cat', waiting(0), { once: true }),
  scene('nothing is waiting', 'print --queued', fresh),
  scene('what is waiting', 'print --queued', all(waiting(2), junk), { once: true }),
  scene('the beginning of an id', `print ${idOf(1).slice(0, 8)}`, waiting(2), { once: true }),
  scene('an id that several have', 'print c0de', waiting(3)),
  scene('an id that none has', 'print 7777dead', waiting(2)),
  scene('an id and --explain', `print ${clientId} --explain`, fresh),
  scene('a misspelt family', 'print usgae', fresh),
  scene('in words', 'print --explain', fresh),
]

const dictionary: readonly Scene[] = [
  scene('the beginning', 'dictionary | head -n 40', fresh, { once: true }),
]

const log: readonly Scene[] = [
  scene('nothing was sent', 'log', fresh),
  scene('events were sent', 'log', all(waiting(0), sent(5))),
  scene('more than a screen', 'log', all(waiting(0), sent(30)), { once: true }),
  scene('the newest', 'log -n 2', all(waiting(0), sent(5)), { once: true }),
  scene('with bytes', 'log -n 1 --full', all(waiting(0), sent(5)), { once: true }),
  scene('not a number', 'log -n many', fresh),
  scene('followed until Ctrl-C', 'log --follow', all(waiting(0), sent(2)), {
    steps: [
      { to: 'Ctrl-C ends it.', happens: sentNow, name: '(an event is sent)' },
      { to: 'just now to api.runmat.com confirmed (204)', type: 'Ctrl-C' },
    ],
  }),
  scene('followed before anything was sent', 'log -f', fresh, {
    steps: [{ to: 'Ctrl-C ends it.', type: 'Ctrl-C' }],
  }),
]

const view: readonly Scene[] = [
  scene('until Ctrl-C', 'view', fresh, { steps: [{ to: 'Ctrl-C ends it.', type: 'Ctrl-C' }] }),
  scene('over SSH', 'view', set({ SSH_CONNECTION: '192.0.2.1 5000 192.0.2.2 22', DISPLAY: ':0' }), {
    steps: [{ to: 'Ctrl-C ends it.', type: 'Ctrl-C' }],
  }),
  scene('without opening', 'view --no-open', fresh, {
    steps: [{ to: 'Ctrl-C ends it.', type: 'Ctrl-C' }],
  }),
  scene('not a port', 'view --port 99999', fresh),
  scene('saved in a file', 'view --export page.html', fresh),
  scene('saved where nothing can be', 'view --export /proc/nowhere/page.html', fresh),
  scene('--export and --port', 'view --export page.html --port 8080', fresh),
]

const doctor: readonly Scene[] = [
  scene('nothing is wrong', 'doctor', waiting(0)),
  scene('settings that cannot be read', 'doctor', broken),
  scene(
    'misspelt and unknown keys',
    'doctor',
    settings('[runtime.telemetry]\nenabeld = false\ncolour = 1\n'),
    { once: true },
  ),
  scene(
    'a lot is wrong',
    'doctor',
    all(waiting(3), setAside, erasePending, delivery('failed: refused', 40)),
  ),
  scene('the project’s file hides the user’s opt-out', 'doctor', all(offInSettings, ownProject), {
    once: true,
  }),
  scene('no key', 'doctor', noKey, { once: true }),
  scene('folders that others can write to', 'doctor', foreign, { once: true }),
]

export const looking = { status, print, dictionary, log, view, doctor }
