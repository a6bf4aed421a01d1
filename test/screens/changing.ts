import type { Collector } from '../support/collector.ts'
import {
  all,
  broken,
  countingOnly,
  doNotTrack,
  endpoint as sendingTo,
  fresh,
  junk,
  offInSettings,
  onInSettings,
  ownProject,
  readOnly,
  sent,
  settingsFolder,
  type State,
  unseen,
  waiting,
} from './states.ts'
import { type Scene, scene } from './take.ts'

/** The screens of the commands that change, record or send something. */

const homeSettings: State = (home) =>
  void home.write('.runmat/config.toml', 'telemetry.enabled = false\n')

const enable: readonly Scene[] = [
  scene('after it was turned off', 'enable', offInSettings),
  scene('for the first time', 'enable', fresh),
  scene('it was on already', 'enable', onInSettings),
  scene('other rules keep it off', 'enable', all(offInSettings, doNotTrack, homeSettings)),
  scene('it only counts', 'enable', countingOnly),
  scene('settings that cannot be read', 'enable', broken),
  scene('a read-only home', 'enable', readOnly),
]

const disable: readonly Scene[] = [
  scene('nothing is waiting', 'disable', fresh),
  scene('events are waiting', 'disable', waiting(3)),
  scene('it was off already', 'disable', offInSettings),
  scene('--forget', 'disable --forget', all(waiting(3), sent(2))),
  scene('--forget, with nothing there', 'disable --forget', fresh, { once: true }),
  scene('settings that cannot be read', 'disable', all(broken, waiting(3))),
  scene('a folder in place of the settings', 'disable', settingsFolder),
  scene('a read-only home', 'disable', readOnly),
  scene('the project’s file hides it: no', 'disable', ownProject, {
    steps: [{ to: '○ No', type: 'n' }],
  }),
  scene('the project’s file hides it: yes', 'disable', ownProject, {
    steps: [{ to: '○ No', type: 'y' }],
  }),
  scene('the project’s file hides it, in a pipe', 'disable | cat', ownProject),
  scene('--here', 'disable --here', ownProject),
  scene('--here, without a project', 'disable --here', fresh),
  scene('as JSON', 'disable --json', waiting(3)),
]

const endpoint: readonly Scene[] = [
  scene('the built-in one', 'endpoint', fresh),
  scene('one’s own', 'endpoint', sendingTo('https://telemetry.example.com/v1/t')),
  scene('a new one', 'endpoint https://telemetry.example.com/v1/t', fresh),
  scene('a new one while events wait', 'endpoint https://telemetry.example.com/v1/t', waiting(3)),
  scene(
    'with --keep-queue',
    'endpoint https://telemetry.example.com/v1/t --keep-queue',
    waiting(3),
  ),
  scene('a new one while it is off', 'endpoint https://telemetry.example.com/v1/t', doNotTrack),
  scene('the built-in one again', 'endpoint --reset', sendingTo('https://telemetry.example.com/t')),
  scene('none', 'endpoint ""', waiting(3)),
  scene('none while it is off', 'endpoint ""', offInSettings),
  scene('none of the web', 'endpoint ftp://example.com', fresh),
  scene('a name only', 'endpoint example.com', fresh),
  scene('http to another machine', 'endpoint http://example.com/t', fresh),
  scene('with a password', 'endpoint https://ada:secret@example.com/t', fresh),
  scene('an address and --reset', 'endpoint https://example.com/t --reset', fresh),
  scene('settings that cannot be read', 'endpoint https://example.com/t', broken),
]

const local: readonly Scene[] = [
  scene('events are waiting', 'local', waiting(3)),
  scene('it only counts already', 'local', countingOnly),
  scene('while it is off', 'local', offInSettings),
]

const usage = '{"subcommand":"run","outcome":"success","version":"0.6.1"}'
const input =
  (text: string): State =>
  (home) =>
    void home.write('input', text)

const recordUsage = 'record usage < input'

const record: readonly Scene[] = [
  scene('the first time', recordUsage, input(usage)),
  scene('typed in a terminal', 'record usage', doNotTrack, {
    steps: [{ to: 'then Enter and Ctrl-D.', type: '{"subcommand":"run"} Enter Ctrl-D' }],
    once: true,
  }),
  scene('after the notice was seen', recordUsage, all(input(usage), waiting(0), countingOnly)),
  scene('while it is off', recordUsage, all(input(usage), doNotTrack)),
  scene('as JSON', 'record usage --json < input', all(input(usage), doNotTrack)),
  scene('no JSON', recordUsage, input('subcommand=run')),
  scene('nothing', recordUsage, input('')),
  scene('a subcommand that is unknown', recordUsage, input('{"subcommand":"rum"}')),
  scene('a field that is unknown', recordUsage, input('{"subcommand":"run","colour":"red"}')),
  scene('without a subcommand', recordUsage, input('{"outcome":"success"}')),
  scene('without a family', 'record', fresh),
  scene('a misspelt family', 'record usgae', fresh),
  scene('a read-only home', recordUsage, all(input(usage), readOnly)),
]

const answers = [204, 202, 302, 401, 404, 410, 413, 429, 500] as const

/** Needs a collector for each answer. */
export const uploadsTo = (collectors: Readonly<Record<number, Collector>>): readonly Scene[] => [
  scene('nothing is waiting', 'upload', fresh),
  ...answers.map((status) =>
    scene(`an answer of ${status}`, 'upload', all(waiting(2), to(collectors[status]))),
  ),
  scene('nothing listens there', 'upload', all(waiting(3), sendingTo('http://127.0.0.1:9/t'))),
  scene('an unknown name', 'upload', all(waiting(3), sendingTo('https://collector.invalid/t'))),
  scene('while it is off', 'upload', all(waiting(2), doNotTrack)),
  scene('while it only counts', 'upload', all(waiting(0), countingOnly)),
  scene('nobody has seen the notice', 'upload', all(unseen, to(collectors[204]))),
  scene('a file that is no event', 'upload', all(waiting(1), junk, to(collectors[204]))),
  scene('a read-only home', 'upload', all(waiting(2), readOnly)),
  scene('as JSON', 'upload --json', all(waiting(2), to(collectors[500])), { once: true }),
]

/** Needs a collector for each answer. */
export const forgetsAt = (collectors: Readonly<Record<number, Collector>>): readonly Scene[] => [
  scene('nothing was ever sent', 'forget --yes', fresh),
  scene('nothing was ever sent, in a terminal', 'forget', fresh, {
    steps: [{ to: '● No', type: 'y' }],
  }),
  scene('a read-only home', 'forget --yes', all(waiting(1), readOnly)),
  scene(
    'agreed to',
    'forget',
    all(waiting(1), sent(2, collectors[204]?.url), to(collectors[204])),
    {
      steps: [{ to: '● No', type: 'y' }],
    },
  ),
  scene(
    'something was sent to another endpoint',
    'forget --yes',
    all(waiting(1), sent(2, 'https://telemetry.example.com/v1/t'), to(collectors[204])),
  ),
  scene(
    'not agreed to',
    'forget',
    all(waiting(1), sent(2, collectors[204]?.url), to(collectors[204])),
    {
      steps: [{ to: '● No', type: 'n' }],
    },
  ),
  scene('in a pipe', 'forget | cat', waiting(1)),
  scene('an answer of 500', 'forget --yes', all(waiting(1), to(collectors[500]))),
  scene('an answer of 410', 'forget --yes', all(waiting(1), to(collectors[410]))),
  scene(
    'nothing listens there',
    'forget --yes',
    all(waiting(1), sendingTo('http://127.0.0.1:9/t')),
  ),
]

function to(collector: Collector | undefined): State {
  return sendingTo(collector?.url ?? '')
}

export { answers }
export const changing = { enable, disable, endpoint, local, record }
