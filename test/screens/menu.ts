import {
  all,
  broken,
  countingOnly,
  doNotTrack,
  endpoint,
  fresh,
  offInSettings,
  ownProject,
  readOnly,
  sent,
  type State,
  waiting,
} from './states.ts'
import { type Scene, scene, type Step } from './take.ts'

/** The screens of the menu: what it offers, and what becomes of a choice. */

const question = 'to navigate'
const choose = (type: string): Step => ({ to: question, type })
const quit = choose('q')

const offers = (title: string, state: State, more: Partial<Scene> = {}): Scene =>
  scene(title, '', state, { steps: [quit], ...more })

const menu: readonly Scene[] = [
  offers('nothing recorded yet', fresh),
  offers('events are waiting, and some were sent', all(waiting(3), sent(2)), { once: true }),
  offers('turned off', offInSettings, { once: true }),
  offers('off by a variable', doNotTrack, { once: true }),
  offers('the project’s file hides the user’s opt-out', all(offInSettings, ownProject)),
  offers('settings that cannot be read', broken),
  offers('a headline that fits no narrow frame', countingOnly),
  offers('settings that cannot be read, and events are waiting', all(waiting(3), broken), {
    once: true,
  }),
  scene('sending again', '', countingOnly, {
    steps: [choose('Down×4 Enter'), { to: 'Send events to', type: 'Enter' }, quit],
    once: true,
  }),
  scene('a change that fails', '', readOnly, { steps: [choose('Down×3 Enter'), quit] }),
  scene('a preview', '', waiting(0), { steps: [choose('Down Enter'), quit], once: true }),
  scene('turned off, and on again', '', waiting(0), {
    steps: [choose('Down×3 Enter'), choose('Enter'), quit],
    once: true,
  }),
  scene('sending what waits to nobody', '', all(waiting(3), endpoint('http://127.0.0.1:9/t')), {
    steps: [choose('Down×3 Enter'), quit],
    once: true,
  }),
  scene('an address that is none', '', fresh, {
    steps: [
      choose('Down×4 Enter'),
      { to: 'Send events to', type: 'Ctrl-U example.com Enter' },
      { to: 'This is not an address', type: 'Ctrl-C' },
      quit,
    ],
  }),
  scene('erasing, and then not', '', all(waiting(1), sent(2)), {
    steps: [choose('Down×7 Enter'), { to: '● No', type: 'Enter' }, quit],
    once: true,
  }),
  scene('the page, and back', '', waiting(1), {
    steps: [choose('Down×7 Enter'), { to: 'Ctrl-C ends it.', type: 'Ctrl-C' }, quit],
    once: true,
  }),
]

export const choices = { menu }
