import { runmat } from '../../src/product/runmat.ts'

/**
 * Every way of saying no, and every unclear one, as plain data: each program that judges them is to
 * come to the same verdict. `on` means that an event may leave this machine, `off` that none may.
 */
export interface OptOutCase {
  readonly name: string
  readonly judges: readonly Judge[]
  /** What lies there before. The working folder is the project `work/deep` in the home. */
  readonly files?: readonly OptOutFile[]
  /** Variables; `{home}` in a value stands for the home folder. */
  readonly env?: Readonly<Record<string, string>>
  readonly page?: OptOutPage
  readonly expect: 'on' | 'off'
  /**
   * Where the installers are stricter than the rest: they don't parse TOML, understand only plain
   * JSON, and send to no address of the user's own.
   */
  readonly installers?: 'off'
}

/** The executable judges what the CLI does, wherever it is tested in place of the package. */
export type Judge = 'cli' | 'library' | 'install.sh' | 'install.ps1' | 'browser'

export interface OptOutFile {
  /** `system` is the folder of the administrator's `telemetry.toml`. */
  readonly base: 'home' | 'project' | 'system'
  readonly path: string
  readonly content:
    | { readonly text: string }
    /** Bytes in hexadecimal. */
    | { readonly hex: string }
    /** A file of so many bytes, none of them written. */
    | { readonly sparse: number }
    | { readonly link: string }
    | { readonly special: 'folder' | 'pipe' }
}

/** What a page passes to the library, and what its browser says, each as an expression. */
export interface OptOutPage {
  /** Left out, the page passes nothing. */
  readonly consent?: string
  /** By default a collector that takes everything. */
  readonly endpoint?: string
  readonly says?: readonly [of: 'Navigator' | 'Window', name: string, value: string]
}

// A browser has neither variables nor settings files, and nothing else has pages.
const machine = ['cli', 'library', 'install.sh', 'install.ps1'] as const
const browser = ['browser'] as const

const unreadable = '(() => { throw new Error("no") })()'
const user = '.config/runmat/config.toml'
const no = '[runtime.telemetry]\nenabled = false\n'
const yes = '[runtime.telemetry]\nenabled = true\n'

export const optOutCases: readonly OptOutCase[] = [
  { name: 'nothing is said', judges: machine, expect: 'on' },

  ...variable('DO_NOT_TRACK', { off: ['1', 'true', 'yes', 'on', 'please', '2', ' 1 '], on: off() }),
  ...variable('RUNMAT_NO_TELEMETRY', { off: ['1', 'yes', 'x'], on: off() }),
  ...variable('RUNMAT_TELEMETRY', {
    off: ['0', 'false', 'no', 'No', 'OFF', ' 0 ', 'disabled', 'n', 'never', 'please', '2', 'flase'],
    on: ['', ' ', '1', 'true', 'YES', ' on '],
  }),
  ...variable('CI', { off: ['true', '1'], on: ['', 'false'] }),
  ...variable('JENKINS_URL', { off: ['http://ci.invalid/'], on: [] }),
  ...[...runmat.suppressed.ci, ...runmat.suppressed.tests, ...runmat.suppressed.workers]
    .filter((name) => name !== 'CI' && name !== 'JENKINS_URL')
    .flatMap((name) => variable(name, { off: ['true'], on: [] })),
  // Those that only ci-info knows.
  ...['BUILD_NUMBER', 'bamboo_planKey', 'BITBUCKET_COMMIT', 'CODEBUILD_BUILD_ARN', 'DRONE'].flatMap(
    (name) => variable(name, { off: ['x'], on: [] }),
  ),
  // The collector takes the installers' events without a key.
  ...variable('RUNMAT_TELEMETRY_KEY', {
    off: ['', 'two words', 'line\nbreak', 'ümlaut'],
    on: ['key'],
  }).map((one) => ({ ...one, judges: ['cli', 'library'] as const })),
  // Without a home folder the CLI ends with an error. Windows has another variable for it.
  ...variable('HOME', { off: ['', '.', 'relative'], on: [] }).map((one) => ({
    ...one,
    judges: ['library', 'install.sh'] as const,
  })),

  ...variable('RUNMAT_CONFIG', { off: ['{home}/none.toml', '{home}', 'none.toml'], on: [''] }),
  ...[
    { named: '{home}/named.toml', files: [file('home', 'named.toml', no)] },
    {
      named: '{home}/named.json',
      files: [file('home', 'named.json', '{"telemetry": {"enabled": false}}')],
    },
    { named: 'named.toml', files: [file('project', 'named.toml', no)] },
    { named: '../named.toml', files: [file('project', '../named.toml', no)] },
    { named: '{home}/link', files: [file('home', 'named.toml', no), link('link', 'named.toml')] },
    { named: '{home}/empty.json', files: [file('home', 'empty.json', '')] },
    // It is no JSON by its name, so it is no TOML by its text.
    { named: '{home}/n.JSON', files: [file('home', 'n.JSON', '{"telemetry": {"enabled": true}}')] },
    { named: '{home}/named', files: [file('home', 'named', '{"telemetry": {"enabled": true}}')] },
  ].map(({ named, files }) => ({
    ...said(`a no in the file that RUNMAT_CONFIG names: ${named}`, 'off', files),
    env: { RUNMAT_CONFIG: named },
  })),
  {
    ...said('a yes in the file that RUNMAT_CONFIG names', 'on', [file('home', 'n.toml', yes)]),
    env: { RUNMAT_CONFIG: '{home}/n.toml' },
  },
  // It has the name of the administrator's file, which may leave the table out, but is another.
  {
    ...said('RUNMAT_CONFIG names a telemetry.toml', 'on', [
      file('home', 'telemetry.toml', 'enabled = false\n'),
    ]),
    env: { RUNMAT_CONFIG: '{home}/telemetry.toml' },
  },

  // Every file that counts.
  ...[
    file('home', user, no),
    file('home', '.runmat/config.toml', no),
    file('home', '.runmat/config.json', '{"telemetry": {"enabled": false}}'),
    file('project', 'runmat.toml', no),
    file('project', '../runmat.toml', no),
    file('home', 'runmat.toml', no),
    file('home', '.config/runmat/config.json', '{"runtime": {"telemetry": {"enabled": false}}}'),
    file('project', 'runmat.json', '{"telemetry": {"enabled": false}}'),
    file('project', '../runmat.json', '{"runtime":{"telemetry":{"enabled":false}}}\n'),
    file('system', 'telemetry.toml', no),
  ].map((one) => said(`a no in ${one.base}:${one.path}`, 'off', [one])),
  ...[
    file('home', user, yes),
    file('home', '.config/runmat/config.json', '{"runtime": {"telemetry": {"enabled": true}}}'),
    file('home', '.runmat/config.toml', yes),
    file('project', 'runmat.toml', yes),
    file('project', 'runmat.json', '{"name": "x", "list": [1, {"a": null}], "b": {}}'),
    file('system', 'telemetry.toml', '# nothing\n'),
  ].map((one) => said(`a yes in ${one.base}:${one.path}`, 'on', [one])),
  said('a no in runmat.toml beside a yes in runmat.json', 'off', [
    file('project', 'runmat.toml', no),
    file('project', 'runmat.json', '{"telemetry": {"enabled": true}}'),
  ]),
  said('a yes in runmat.toml beside a no in runmat.json', 'off', [
    file('project', 'runmat.toml', yes),
    file('project', 'runmat.json', '{"telemetry": {"enabled": false}}'),
  ]),
  said('a no of the user’s and a yes of the project’s', 'off', [
    file('home', user, no),
    file('project', 'runmat.toml', yes),
  ]),
  said('a yes of the user’s and a no of the project’s', 'off', [
    file('home', user, yes),
    file('project', 'runmat.toml', no),
  ]),
  said('a yes of the user’s and a no of the administrator’s', 'off', [
    file('home', user, yes),
    system(no),
  ]),
  said('a no in config.json beside a yes in config.toml', 'off', [
    file('home', user, yes),
    file('home', '.config/runmat/config.json', '{"telemetry": {"enabled": false}}'),
  ]),
  // Only the nearest folder that has a project's file counts, as for RunMat.
  ...[file('project', 'runmat.toml', yes), file('project', 'runmat.json', '{}')].map((nearest) =>
    said(`a no in project:../runmat.toml above ${nearest.path}`, 'on', [
      file('project', '../runmat.toml', no),
      nearest,
    ]),
  ),
  said('runmat.toml is a folder, which is passed over', 'on', [folder('project', 'runmat.toml')]),
  said('a no in project:../runmat.toml above a folder of that name', 'off', [
    file('project', '../runmat.toml', no),
    folder('project', 'runmat.toml'),
  ]),
  said('runmat.toml is a link to nowhere', 'off', [
    { base: 'project', path: 'runmat.toml', content: { link: 'missing' } },
  ]),

  // The administrator's file is about telemetry only, so it may leave the table out.
  ...[
    'enabled = false\n',
    'uploads = false\n',
    '"enabled" = false # by the administrator\r\n',
    'enabled = "false"\n',
    'enabled = 0\n',
    'enable = false\n',
    'Enabled = false\n',
    'telemetry = false\n',
    'telemetry = "off"\n',
    '[enabled]\n',
    'enabled = true\n[telemetry]\nenabled = false\n',
    '[TELEMETRY]\nenabled = false\n',
    '[runtime.telemetri]\nenabled = false\n',
    'runtimes.telemetry.enabled = false\n',
    'enabled\n',
  ].map((text) => said(`the system says ${JSON.stringify(text)}`, 'off', [system(text)])),
  ...['enabled = true\n', 'uploads = true\n[runtime.telemetry]\nenabled = true\n'].map((text) =>
    said(`the system says ${JSON.stringify(text)}`, 'on', [system(text)]),
  ),

  ...[
    [file('home', 'xdg/runmat/config.toml', no)],
    [file('home', 'xdg/runmat/config.json', '{"telemetry": {"enabled": false}}')],
    [file('home', user, no), file('home', 'xdg/runmat/config.toml', yes)],
  ].map((files) => ({
    ...said(`under XDG_CONFIG_HOME, a no in ${files[0]?.path}`, 'off', files),
    env: { XDG_CONFIG_HOME: '{home}/xdg' },
  })),
  // The XDG specification has programs ignore such a value.
  ...['', 'xdg', './xdg', '../deep/xdg'].flatMap((value) =>
    (
      [
        ['nothing there', 'on', []],
        ['a no there', 'on', [file('project', 'xdg/runmat/config.toml', no)]],
        ['a no in ~/.config', 'off', [file('home', user, no)]],
      ] as const
    ).map(([what, expect, files]) => ({
      ...said(`XDG_CONFIG_HOME=${value}, with ${what}`, expect, files),
      env: { XDG_CONFIG_HOME: value },
    })),
  ),

  // Spellings of a no.
  ...texts('off', [
    'telemetry.enabled = false',
    'runtime.telemetry.enabled = false',
    '[telemetry]\nenabled = false\n',
    '[telemetry]\r\nenabled = false\r\n',
    '[telemetry]\nuploads = false\n',
    'telemetry.uploads = false\n',
    '[runtime]\ntelemetry.enabled = false\n',
    '[runtime]\ntelemetry = { enabled = false }\n',
    'runtime = { telemetry = { enabled = false } }\n',
    'runtime.telemetry = { enabled = false }\n',
    '[ runtime . "telemetry" ] # ours\n\t"enabled" =false # no\n',
    "['runtime'.'telemetry']\n'enabled' = false\n",
    '["runtime"."tele\\u006detry"]\nenabled = false\n',
    '[telemetry]\n"en\\u0061bled" = false\n',
    '[telemetry]\nx = [\n[1]\n]\nenabled = false\n',
    'x = """\n[other]\n"""\n[telemetry]\nenabled = false\n',
    '[telemetry]\nenabled = true\n[runtime.telemetry]\nenabled = false\n',
    '[telemetry]\nenabled = false\n[runtime.telemetry]\nenabled = true\n',
  ]),
  // Unclear ones.
  ...texts('off', [
    'telemetry = false\n',
    'telemetry = "off"\n',
    '[runtime]\ntelemetry = true\n',
    'runtime = false\n',
    '[[telemetry]]\nenabled = true\n',
    '[[runtime]]\ntelemetry = { enabled = true }\n',
    '[[runtime.telemetry]]\nenabled = true\n',
    '[runtime.telemetry]\nenabled = "true"\n',
    '[runtime.telemetry]\nenabled = 1\n',
    '[runtime.telemetry]\nenabled = [true]\n',
    '[runtime.telemetry.enabled]\n',
    '[runtime.telemetry]\nenable = true\n',
    '[runtime.telemetry]\nEnabled = true\n',
    '[runtime.telemetry]\nenabeld = true\n',
    '[runtime.telemetry]\nenabled = False\n',
    '[runtime.telemetry]\nenabled = no\n',
    '[runtime.telemetry]\nenabled: false\n',
    '[telemetry]\nENABLED = false\n',
    '[telemetry]\nenabled = true\nupload = false\n',
    '[telemetry]\nuploads = "no"\n',
    '[telemetry]\nuploads = 0\n',
    '[telemetry]\nUploads = false\n',
    '[Telemetry]\nenabled = false\n',
    '[telemtry]\nenabled = false\n',
    '[runtime.Telemetry]\nenabled = false\n',
    '[runtime.telemetri]\nenabled = false\n',
    '[Runtime.telemetry]\nenabled = false\n',
    'Telemetry.enabled = false\n',
    'TELEMETRY = false\n',
    '[runtime.telemetry]\nuploads = false\n',
    '[runtime.telemetry]\nupload = false\n',
    '[runtime.telemetry]\nUPLOADS = false\n',
    '"telemetry.enabled" = false\n',
    '["runtime.telemetry"]\nenabled = false\n',
    '"Runtime.Telemetry.Enabled" = false\n',
    '[runtime]\n"telemetry.enabled" = false\n',
    '[runtime.telemetry]\nqueue_size = "many"\n',
    '[runtime.telemetry]\ndrain_mode = "some"\n',
    '[runtime.telemetry]\nudp_endpoint = "x"\n',
    '[runtime.telemetry]\nhttp_endpoint = 1\n',
    '[telemetry',
    '[telemetry.]\n',
    '[telemetry] x\n',
    '[telemetry]]\n',
    '[[telemetry]\n',
    'enabled',
    '= 1\n',
    'a = \n',
    'a = yes\n',
    'a = 1 b = 2\n',
    'a = 01\n',
    'a = 1.\n',
    'a = 1__0\n',
    'a = "x\n',
    'a = "\\q"\n',
    'a = [1 2]\n',
    'a = [1, 2\n',
    'a = { b }\n',
    'd = 1979-13-27\n',
    '[a]\n[a]\n',
    'a = 1\na = 2\n',
    '[telemetry]\nenabled = true\nenabled = false\n',
    '[telemetry]\nenabled = true\n[telemetry]\nenabled = false\n',
    'a = "\u0001"\n',
  ]),
  // Addresses that nothing is sent to.
  ...texts(
    'off',
    ['http://example.com/t', 'ftp://example.com/', 'https://a:b@example.com/', 'example'].map(
      (address) => `[runtime.telemetry]\nhttp_endpoint = "${address}"\n`,
    ),
  ),
  ...[
    '{"telemetry": false}',
    '{"telemetry": null}',
    '{"telemetry": [{"enabled": true}]}',
    '{"telemetry": {"enabled": "true"}}',
    '{"telemetry": {"enabled": null}}',
    '{"telemetry": {"enabled": 0}}',
    '{"telemetry": {"uploads": false}}',
    '{"telemetry.enabled": false}',
    '{"runtime.telemetry": {"enabled": false}}',
    '{"runtime": {"telemetry.enabled": false}}',
    '{"runtime": {"telemetry": {"Enabled": true}}}',
    '{"runtime": {"telemetry": {"enabled": true, "enabled": false}}}',
    '{"runtime": {"telemetry": {"enabled": false, "enabled": true}}}',
    '{"telemetry": {"enabled": false}, "telemetry": {}}',
    '{"runtime": {"tele\\u006detry": {"enabled": false}}}',
    '{"telemetry": {"enabled": true},}',
    '{"telemetry": {"enabled": true}} // ours',
    '{"Telemetry": {"enabled": false}}',
    '{"runtime": {"Telemetry": {"enabled": false}}}',
    '{"runtime": null}',
    '{"a": 1, "a": 2}',
    '{"a": "\t"}',
    '{"a": "\n"}',
    '{"a": "\\x"}',
    '{"a": 01}',
    '{"a": NaN}',
    '{} {}',
    '\u00a0{}',
    '{"a": [1 2]}',
    "{'a': 1}",
    '{"a": 1',
    '[]',
    'false',
    '',
  ].map((text) =>
    said(`JSON: ${JSON.stringify(text)}`, 'off', [file('project', 'runmat.json', text)]),
  ),

  // What is no plain file.
  ...(
    [
      ['UTF-16', { hex: utf16(yes) }, 'off'],
      ['UTF-16 without a mark', { hex: utf16(yes).slice(4) }, 'off'],
      ['a byte order mark and a no', { hex: `efbbbf${hex(no)}` }, 'off'],
      ['a byte order mark, CRLF and a no', { hex: `efbbbf${hex(crlf(no))}` }, 'off'],
      ['a byte that is no UTF-8', { hex: `${hex('# ')}ff0a` }, 'off'],
      ['60,000 bytes', { text: '# long\n'.padEnd(60_000, '# more\n') }, 'on'],
      ['65,536 bytes', { text: '# long\n'.padEnd(65_536, '# more\n') }, 'on'],
      ['65,537 bytes', { text: '# long\n'.padEnd(65_537, '# more\n') }, 'off'],
      ['300,000 bytes with a yes at its start', { text: yes.padEnd(300_000, '# more\n') }, 'off'],
      ['30 GB', { sparse: 30e9 }, 'off'],
      ['a folder', { special: 'folder' }, 'off'],
      ['a device', { link: '/dev/zero' }, 'off'],
      ['a link to itself', { link: 'config.toml' }, 'off'],
      ['a link to nowhere', { link: 'missing' }, 'off'],
    ] as const
  ).map(([name, content, expect]) =>
    said(`the settings file is ${name}`, expect, [{ base: 'home', path: user, content }]),
  ),
  {
    ...said('the settings file is a pipe', 'off', [
      { base: 'home', path: user, content: { special: 'pipe' } },
    ]),
    // Windows has no such files. Here, its installer would wait for the other end.
    judges: ['cli', 'library', 'install.sh'],
  },
  said('the settings file is a link to a no', 'off', [
    file('home', 'dotfiles/config.toml', no),
    link(user, '../../dotfiles/config.toml'),
  ]),
  said('the settings file is a link to a yes', 'on', [
    file('home', 'dotfiles/config.toml', yes),
    link(user, '../../dotfiles/config.toml'),
  ]),
  // Settings may lie on a disk that is not there now.
  ...['.config/runmat', '.config', '.runmat'].flatMap((place) => [
    said(`in the place of ${place} is a file`, 'off', [file('home', place, '')]),
    said(`in the place of ${place} is a link to nowhere`, 'off', [link(place, 'unmounted')]),
  ]),

  // No opt-out.
  ...texts('on', [
    '',
    '# enabled = false\n',
    'enabled = false\n',
    '[other]\nenabled = false\nenable = 1\n',
    '[runtime]\ncolour = 1\n[runtime.jit]\nenabled = false\n',
    '[accelerate]\nenabled = false\n\n[jit]\nlevel = "telemetry"\n',
    '[telemetry]\nenabled = true\nuploads = true\n',
    '[runtime.telemetry]\r\nenabled = true # enabled = false\r\nqueue_size = 256\r\n',
    '[runtime.telemetry]\r\nenabled = true\r\nhttp_endpoint = ""\r\nqueue_size = 256\r\n',
    '[runtime.telemetry]\nrequire_ingestion_key = false\n',
    'telemetry.enabled = true\n[runtime.telemetry]\nenabled=true\n[other]\nenabled = false\n',
    '[runtime.telemetry]\nhttp_endpoint = ""\nudp_endpoint = ""\n',
    '[[bench]]\nname = "a"\n[[bench]]\nname = "b"\n"größe" = { a = 1, b = [1, 2] }\n',
    'a = [ "x", \'y]\', true, ] # c\nb = 1_000.5e-1_0\nc = "\\n\\\\"\nd = {}\n"" = inf\n',
  ]),
  ...['{}', '{"a": "\\ud800"}\r\n', '\t{"runtime": {}}\n'].map((text) =>
    said(`JSON: ${JSON.stringify(text)}`, 'on', [file('project', 'runmat.json', text)]),
  ),
  ...[
    ...texts('on', [
      'a = [\n  1,\n]\n',
      'a = """\nb\n"""\n',
      '[a]\nx = """\n[b]\n"""\n',
      '"caf\\u00e9" = 1\n',
      'a = "caf\\u00e9"\n',
      'a = [[1], [2]]\n',
      'a = { b = { c = 1 } }\n',
      'd = 1979-05-27T07:32:00Z\n',
      '[telemetry]\ncolour = 1\n',
      '[runtime.telemetry]\ncolour = 1\n',
      '[runtime.telemetry]\nqueue_size = 0x10\n',
      "[runtime.telemetry]\nhttp_endpoint = ''\n",
      '[television]\nx = 1\n',
    ]),
    ...['{"": 1}', '{"a\\u0062": 1}', `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`].map((text) =>
      said(`JSON: ${text}`, 'on', [file('project', 'runmat.json', text)]),
    ),
    said('the settings file is a byte order mark and a yes', 'on', [
      { base: 'home', path: user, content: { hex: `efbbbf${hex(yes)}` } },
    ]),
    ...texts('on', ['[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:1/t"\n']).map(
      (one) => ({
        ...one,
        // What the library sends there, nobody would see.
        judges: ['cli', 'install.sh', 'install.ps1'] as const,
      }),
    ),
  ].map((one) => ({ ...one, installers: 'off' as const })),

  // Only a page that passes exactly true has its user's consent.
  page('the page passes nothing', 'off', {}),
  page('the page passes true', 'on', { consent: 'true' }),
  ...['false', 'undefined', 'null', '"true"', '1', '({})'].map((consent) =>
    page(`the page passes ${consent}`, 'off', { consent }),
  ),
  // What is said in the browser outweighs it, and an unknown word is unclear.
  ...['true', '"1"', '1', '"yes"', '({})', unreadable].map((value) =>
    page(`Global Privacy Control is ${value}`, 'off', saying('globalPrivacyControl', value)),
  ),
  ...['"1"', '"yes"', '"maybe"', 'true', '1', unreadable].map((value) =>
    page(`Do Not Track is ${value}`, 'off', saying('doNotTrack', value)),
  ),
  page('Do Not Track of Internet Explorer is "1"', 'off', saying('msDoNotTrack', '"1"')),
  page('Do Not Track of Safari is "1"', 'off', {
    consent: 'true',
    says: ['Window', 'doNotTrack', '"1"'],
  }),
  ...['false', 'undefined', 'null', '"0"'].map((value) =>
    page(`Global Privacy Control is ${value}`, 'on', saying('globalPrivacyControl', value)),
  ),
  ...['null', '"0"', '""', '"no"', '"OFF"', '"false"', '"unspecified"'].map((value) =>
    page(`Do Not Track is ${value}`, 'on', saying('doNotTrack', value)),
  ),
  // The built-in collector, to which an empty address leads, takes nothing without a key.
  ...[
    '"http://collector.invalid/v1/t"',
    '"ftp://127.0.0.1/"',
    '"javascript:alert(1)"',
    '"https://user:password@collector.invalid/"',
    '"/v1/t"',
    '17',
    '""',
  ].map((endpoint) =>
    page(`the page has events sent to ${endpoint}`, 'off', { consent: 'true', endpoint }),
  ),
]

function off(): readonly string[] {
  return ['', '0', 'false', ' FALSE ', 'No', 'off', 'OFF', ' ']
}

function variable(
  name: string,
  values: { readonly off: readonly string[]; readonly on: readonly string[] },
): readonly OptOutCase[] {
  return (['off', 'on'] as const).flatMap((expect) =>
    values[expect].map((value) => ({
      name: `${name}=${JSON.stringify(value)}`,
      judges: machine,
      env: { [name]: value },
      expect,
    })),
  )
}

function file(base: OptOutFile['base'], path: string, text: string): OptOutFile {
  return { base, path, content: { text } }
}

function system(text: string): OptOutFile {
  return file('system', 'telemetry.toml', text)
}

function folder(base: OptOutFile['base'], path: string): OptOutFile {
  return { base, path, content: { special: 'folder' } }
}

function link(path: string, to: string): OptOutFile {
  return { base: 'home', path, content: { link: to } }
}

function said(name: string, expect: 'on' | 'off', files: readonly OptOutFile[]): OptOutCase {
  return { name, judges: machine, files, expect }
}

function texts(expect: 'on' | 'off', list: readonly string[]): readonly OptOutCase[] {
  return list.map((text) =>
    said(`TOML: ${JSON.stringify(text)}`, expect, [file('home', user, text)]),
  )
}

function page(name: string, expect: 'on' | 'off', given: OptOutPage): OptOutCase {
  return { name, judges: browser, page: given, expect }
}

/** A browser that says this, to a page whose user has agreed. */
function saying(name: string, value: string): OptOutPage {
  return { consent: 'true', says: ['Navigator', name, value] }
}

function crlf(text: string): string {
  return text.replaceAll('\n', '\r\n')
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

function utf16(text: string): string {
  return `fffe${Buffer.from(text, 'utf16le').toString('hex')}`
}
