import type { Answer, Behaviour } from '../../support/collector.ts'
import type { Member } from './archive.ts'

/**
 * Everything that can happen while RunMat is installed, as plain data: both installers are to end
 * alike. In names and texts `{runmat}` and `{companion}` stand for the programs as the platform
 * names them, `{home}` for the home folder, `{origin}` for the server of releases.
 */
export interface InstallCase {
  readonly name: string
  /** What the server has in place of the good release; `without` are bytes missing at its end. */
  readonly archive?: Behaviour | readonly Member[] | { readonly without: number }
  readonly checksum?: Behaviour
  readonly newest?: Behaviour
  /** What the collector does; 204 by default. */
  readonly collector?: Answer
  /** Files that are there before, with their text; `null` makes a link to nowhere. */
  readonly files?: Readonly<Record<string, string | null>>
  readonly arguments?: Arguments
  readonly env?: Readonly<Record<string, string>>
  /** The processor, where it is not x86_64. */
  readonly machine?: string
  readonly code: 0 | 1 | 2
  /** In the output, whichever stream it is on. */
  readonly says?: string
  /** The labels of the events, without `install_`. */
  readonly events: readonly ('start' | 'complete' | 'failed')[]
  /** Which programs are new in the end, and where; no other file may have changed. */
  readonly makes?: readonly string[]
  /** Where the other installer has nothing of the kind. */
  readonly only?: 'install.sh' | 'install.ps1'
  /**
   * Does it depend on how a shell does things: on its quoting, its traps, the status of a substitution?
   * The others decide by the answer of a program, which is the same in all.
   */
  readonly everyShell?: boolean
}

export interface Arguments {
  readonly version?: string
  readonly dir?: string
  readonly help?: true
  /** Words that neither installer knows. */
  readonly unknown?: readonly string[]
}

const runmat: Member = { name: '{runmat}', text: 'the new one\n' }
const companion: Member = { name: '{companion}', text: 'the new companion\n' }
const bin = '.local/bin'

const successes: readonly Given[] = [
  { name: 'the newest release', everyShell: true },
  { name: 'the release of an argument', arguments: { version: 'v1.2.3' }, newest: 404 },
  { name: 'the release of a variable', env: { RUNMAT_VERSION: 'v1.2.3' }, newest: 404 },
  {
    name: 'the newest, by an argument that outweighs the variable',
    arguments: { version: 'latest' },
    env: { RUNMAT_VERSION: 'v0.0.1' },
  },
  {
    name: 'into the folder of an argument, which outweighs the variable',
    everyShell: true,
    arguments: { dir: '{home}/größe und mehr' },
    env: { RUNMAT_INSTALL_DIR: '{home}/other' },
    makes: ['größe und mehr/{runmat}'],
  },
  {
    name: 'into a folder beside the working folder',
    everyShell: true,
    arguments: { dir: 'here' },
    makes: ['here/{runmat}'],
  },
  {
    name: 'into the folder of a variable',
    env: { RUNMAT_INSTALL_DIR: '{home}/a/b' },
    makes: ['a/b/{runmat}'],
  },
  {
    name: 'from a mirror with a slash at its end',
    everyShell: true,
    env: { RUNMAT_RELEASES_URL: '{origin}/r/' },
  },
  {
    name: 'over an older one, which is gone',
    files: { [`${bin}/{runmat}`]: 'the old one\n', [`${bin}/{companion}`]: 'the old companion\n' },
    archive: [runmat, companion],
    makes: [`${bin}/{companion}`, `${bin}/{runmat}`],
  },
  {
    name: 'both programs out of the one folder of the archive',
    everyShell: true,
    archive: [
      { name: 'runmat-v1.2.3/README', text: 'x' },
      { ...runmat, name: 'runmat-v1.2.3/bin/{runmat}' },
      { ...companion, name: 'runmat-v1.2.3/bin/{companion}' },
    ],
    makes: [`${bin}/{companion}`, `${bin}/{runmat}`],
  },
  {
    name: 'nothing but the programs',
    archive: [runmat, { name: 'evil', text: 'x' }, { name: '.profile', text: 'x' }],
  },
  { name: 'without a checksum, which it says', checksum: 404, says: 'the archive is not verified' },
  {
    name: 'with a checksum that is required',
    env: { RUNMAT_REQUIRE_CHECKSUM: '1' },
  },
  {
    name: 'although the settings of a shell are there',
    files: {
      '.profile': '# mine\n',
      '.bashrc': '# mine\n',
      '.zshrc': '# mine\n',
      '.config/powershell/Microsoft.PowerShell_profile.ps1': '# mine\n',
      'Documents/WindowsPowerShell/Microsoft.PowerShell_profile.ps1': '# mine\n',
    },
  },
  ...(
    [
      ['that never answers', { hang: 'before headers' }],
      ['that answers a byte at a time', { drip: 'body', everyMs: 100 }],
      ['that hangs up', 'reset'],
      ['that fails', 500],
    ] as const
  ).map(([what, collector]) => ({
    name: `with a collector ${what}`,
    collector,
    everyShell: what === 'that never answers',
  })),
]

const silent: readonly Given[] = [
  { name: 'because of DO_NOT_TRACK', everyShell: true, env: { DO_NOT_TRACK: '1' } },
  { name: 'in a build', env: { GITHUB_ACTIONS: 'true' } },
  {
    name: 'because of the user’s settings',
    everyShell: true,
    files: { '.config/runmat/config.toml': '[runtime.telemetry]\nenabled = false\n' },
  },
  {
    name: 'because of the system’s settings',
    files: { 'ProgramData/runmat/telemetry.toml': '[runtime.telemetry]\nenabled = false\n' },
    only: 'install.ps1' as const,
  },
  ...[
    'http://example.invalid/v1/t',
    'http://127.0.0.1.example.invalid/',
    'http://localhost@example.invalid/',
    'https://user:secret@example.invalid/',
    'https://example.invalid/"; touch x',
    'https://example.invalid/a b',
    'https://',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    '-o/tmp/x',
    'nonsense',
    '',
  ].map((endpoint) => ({
    name: `if it is told to send to ${JSON.stringify(endpoint)}`,
    env: { RUNMAT_TELEMETRY_ENDPOINT: endpoint },
    everyShell: endpoint === '' || /[" ]/.test(endpoint),
  })),
]

const failures: readonly Given[] = [
  {
    name: 'the checksum is another',
    everyShell: true,
    checksum: body('a'.repeat(64)),
    says: 'is wrong',
  },
  { name: 'the checksum is none', checksum: body('<html>'), says: 'holds no SHA-256' },
  { name: 'the checksum is too long', checksum: body('a'.repeat(65)), says: 'holds no SHA-256' },
  { name: 'the checksum is empty', checksum: body(''), says: 'holds no SHA-256' },
  { name: 'the checksum is refused', checksum: 403, says: 'status 403' },
  {
    name: 'the checksum does not arrive',
    everyShell: true,
    checksum: 'close',
    says: 'cannot download',
  },
  {
    name: 'a checksum is required and there is none',
    everyShell: true,
    checksum: 404,
    env: { RUNMAT_REQUIRE_CHECKSUM: '1' },
    says: 'status 404',
  },
  { name: 'the archive is not there', everyShell: true, archive: 404, says: 'status 404' },
  { name: 'the server fails', archive: 500, says: 'status 500' },
  {
    name: 'the archive does not arrive',
    everyShell: true,
    archive: 'close',
    says: 'cannot download',
  },
  {
    name: 'the archive arrives in part',
    archive: { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart', end: true },
    says: 'cannot download',
  },
  {
    name: 'the archive is something else',
    archive: body('a page'),
    checksum: 404,
    says: 'is damaged',
  },
  {
    name: 'the archive is cut short',
    everyShell: true,
    archive: { without: 20 },
    checksum: 404,
    says: 'is damaged',
  },
  { name: 'the archive is empty', archive: body(''), checksum: 404, says: 'is damaged' },
  {
    name: 'it holds no program',
    archive: [{ name: 'README', text: 'x' }],
    says: 'holds no {runmat}',
  },
  {
    name: 'the program lies too deep',
    archive: [{ ...runmat, name: 'a/b/c/{runmat}' }],
    says: 'holds no {runmat}',
  },
  {
    name: 'it holds a folder of that name',
    archive: [{ name: '{runmat}/x' }],
    says: 'holds no {runmat}',
  },
  {
    name: 'the program is empty',
    everyShell: true,
    archive: [{ ...runmat, text: '' }],
    says: 'is no program',
  },
  {
    name: 'its companion is empty',
    archive: [runmat, { ...companion, text: '' }],
    says: 'is no program',
  },
  {
    name: 'a path leads out',
    everyShell: true,
    archive: [runmat, { name: '../evil', text: 'x' }],
    says: 'lead out of it',
  },
  {
    name: 'a path inside leads out',
    archive: [runmat, { name: 'a/../../evil' }],
    says: 'lead out of it',
  },
  {
    name: 'a path is absolute',
    archive: [runmat, { name: '/tmp/evil', text: 'x' }],
    says: 'lead out of it',
  },
  ...[String.raw`..\evil`, String.raw`a\..\..\evil`, String.raw`C:\evil`, String.raw`\evil`].map(
    (name) => ({
      name: `a path is ${name}`,
      archive: [runmat, { name, text: 'x' }],
      says: 'lead out of it',
      only: 'install.ps1' as const,
    }),
  ),
  ...['{runmat}', '{companion}'].map((name) => ({
    name: `${name} is a link`,
    archive: [...(name === '{runmat}' ? [] : [runmat]), { name, link: '/bin/sh' }],
    says: 'is no program',
    only: 'install.sh' as const,
  })),
  ...(
    [
      ['nothing leads to the newest', 404],
      ['the newest has no name', to('/r')],
      ['the newest has an odd name', to('/r/tag/..%2f')],
      ['the server does not answer for the newest', 'close'],
    ] as const
  ).map(([name, newest]) => ({
    name,
    newest,
    everyShell: name === 'the newest has an odd name',
    says: 'cannot find the newest',
    // Before the release is known nothing has started.
    events: ['failed'] as const,
  })),
  {
    name: 'there is no network',
    env: { RUNMAT_RELEASES_URL: 'http://127.0.0.1:1/r' },
    says: 'cannot find the newest',
    events: ['failed'],
  },
  {
    name: 'there is no network and the release is given',
    everyShell: true,
    arguments: { version: 'v1.2.3' },
    env: { RUNMAT_RELEASES_URL: 'http://127.0.0.1:1/r' },
    says: 'cannot download',
  },
  {
    name: 'there is no RunMat for the processor',
    machine: 'riscv64',
    says: 'there is no RunMat for',
  },
  {
    name: 'the processor has an odd name',
    everyShell: true,
    machine: 'a"b c',
    says: 'there is no RunMat for',
  },
  ...(
    [
      ['a file', 'file'],
      ['below a file', 'file/bin'],
      ['a link to nowhere', 'nowhere'],
    ] as const
  ).map(([what, dir]) => ({
    name: `the folder is ${what}`,
    everyShell: true,
    arguments: { dir: `{home}/${dir}` },
    files: { file: 'precious', nowhere: null },
    says: `cannot write to {home}/${dir}`,
  })),
  {
    name: 'a folder has the place of the program',
    everyShell: true,
    files: { [`${bin}/{runmat}/mine`]: 'precious' },
  },
]

const misuses: readonly Given[] = [
  { name: 'an unknown option', arguments: { unknown: ['--force'] } },
  { name: 'something more', arguments: { unknown: ['v1.2.3'] } },
  ...[['--version'], ['--dir', ''], ['--version', '--dir']].map((unknown) => ({
    name: unknown.join(' '),
    arguments: { unknown },
    only: 'install.sh' as const,
  })),
  { name: 'a version with a path', env: { RUNMAT_VERSION: '../../x' } },
  { name: 'a version with dots', env: { RUNMAT_VERSION: 'v1..2' } },
  { name: 'a version with a space', env: { RUNMAT_VERSION: 'v1.2.3 ' } },
  { name: 'a version with a command', env: { RUNMAT_VERSION: 'v1;rm -rf ~' } },
  { name: 'a version with a substitution', arguments: { version: '$(New-Item made)' } },
  { name: 'a version of two lines', arguments: { version: 'v1.2.3\nv1.2.3' } },
  { name: 'a version with a line end', arguments: { version: 'v1.2.3\n' } },
  { name: 'a long version', arguments: { version: `v${'1'.repeat(64)}` } },
  { name: 'a server without https', env: { RUNMAT_RELEASES_URL: 'ftp://127.0.0.1/' } },
  { name: 'a server with a space', env: { RUNMAT_RELEASES_URL: 'http://127.0.0.1/a b' } },
  { name: 'a server that is a file', env: { RUNMAT_RELEASES_URL: 'file:///etc' } },
]

type Given = Omit<InstallCase, 'code' | 'events'> & Partial<InstallCase>

const makes = [`${bin}/{runmat}`]
const files = { [`${bin}/{runmat}`]: 'the old one\n' }

export const installCases: readonly InstallCase[] = [
  ...titled('installs', { code: 0, events: ['start', 'complete'], makes }, successes),
  ...titled('installs silently', { code: 0, events: [], makes }, silent),
  ...titled(
    'fails and changes nothing when',
    { code: 1, events: ['start', 'failed'], files },
    failures,
  ),
  ...titled(
    'takes as wrong usage',
    { everyShell: true, code: 2, events: [], says: 'RUNMAT_RELEASES_URL names a mirror' },
    misuses,
  ),
]

/** Adds what is the same for all of a kind. */
function titled(
  start: string,
  common: Omit<InstallCase, 'name'>,
  cases: readonly Given[],
): readonly InstallCase[] {
  return cases.map((one) => ({ ...common, ...one, name: `${start} ${one.name}` }))
}

function body(text: string): Behaviour {
  return { status: 200, body: text }
}

function to(location: string): Behaviour {
  return { status: 302, headers: { location } }
}
