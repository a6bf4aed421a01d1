import { all, fresh, homeOfAnother, set, type State } from './states.ts'
import type { Scene } from './take.ts'

/** The screens of everything else that people type. */

const scene = (args: string, state: State = fresh, more: Partial<Scene> = {}): Scene => ({
  title: more.title ?? args,
  args,
  state,
  ...more,
})

const commands = [
  'status',
  'print',
  'dictionary',
  'log',
  'view',
  'doctor',
  'enable',
  'disable',
  'forget',
  'endpoint',
  'local',
  'upload',
  'record',
  'completion',
]

const help: readonly Scene[] = [
  scene('--help'),
  ...commands.map((name) => scene(`${name} --help`, fresh, { once: true })),
  scene('help nope'),
]

const mistakes: readonly Scene[] = [
  'statsu',
  'erase',
  'satus --json',
  '--jsn',
  'status --jsn',
  'status now',
  '--enable --disable',
  'enable --disable',
  'print --explain --schema',
  'constructor',
  'nope',
  '-x',
  '--endpoint',
  'view --port',
].map((args) => scene(args))

const others: readonly Scene[] = [
  ...['off', 'on', 'opt-out', 'opt-in', '--status | head -n 3', 'show | head -n 3'].map((args) =>
    scene(args),
  ),
  scene('--version'),
  ...['version', '-v', '-V'].map((args) => scene(args, fresh, { once: true })),
  scene('--quiet'),
  scene('status --quiet'),
  scene('status', set({ HOME: '' }), { title: 'without a home folder' }),
  ...['disable', 'status --json', ''].map((args) =>
    scene(args, all(homeOfAnother, set({ TEST_UID: '0' })), {
      title: `${args || 'the menu'}, as root in the home of another user`,
      once: args !== 'disable',
    }),
  ),
  scene('status', set({ TEST_UID: '77777' }), { title: 'in the home of another user' }),
  scene('completion > script', set({ SHELL: '/usr/bin/bash' }), { title: 'completion in bash' }),
  scene('completion > script', set({ SHELL: '/usr/bin/zsh' }), { title: 'completion in zsh' }),
  scene('completion > script', set({ SHELL: '/usr/bin/fish' }), { title: 'completion in fish' }),
  scene('completion > script', set({ SHELL: '/bin/tcsh' }), { title: 'completion in tcsh' }),
  scene('completion powershell > script'),
  scene('completion tcsh > script'),
]

export const words = { help, mistakes, others }
