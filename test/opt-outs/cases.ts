/**
 * Every way of saying no, and every unclear one, as plain data: each program that judges them is to
 * come to the same verdict. `on` means that an event may leave this machine, `off` that none may.
 */
export interface OptOutCase {
  readonly name: string
  /** What lies there before. The working folder is the project `work/deep` in the home. */
  readonly files?: readonly OptOutFile[]
  /** Variables; `{home}` in a value stands for the home folder. */
  readonly env?: Readonly<Record<string, string>>
  readonly expect: 'on' | 'off'
  /** Where the installers, which don't parse TOML, are stricter than the rest. */
  readonly installers?: 'off'
}

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

const user = '.config/runmat/config.toml'
const no = '[runtime.telemetry]\nenabled = false\n'
const yes = '[runtime.telemetry]\nenabled = true\n'

export const optOutCases: readonly OptOutCase[] = [
  { name: 'nothing is said', expect: 'on' },

  ...variable('DO_NOT_TRACK', { off: ['1', 'true', 'please', '2'], on: off() }),
  ...variable('RUNMAT_NO_TELEMETRY', { off: ['1', 'yes', 'x'], on: off() }),
  ...variable('RUNMAT_TELEMETRY', {
    off: ['0', 'false', 'no', 'OFF', ' 0 ', 'disabled', 'n', 'never', '2', 'flase'],
    on: ['', ' ', '1', 'true', 'YES', ' on '],
  }),
  ...['CI', 'JENKINS_URL', 'VITEST', 'RAY_JOB_ID', 'BUILD_NUMBER'].flatMap((name) =>
    variable(name, { off: ['true'], on: [] }),
  ),
  {
    name: 'RUNMAT_CONFIG names nothing',
    env: { RUNMAT_CONFIG: '{home}/none.toml' },
    expect: 'off',
  },
  { name: 'RUNMAT_CONFIG names a folder', env: { RUNMAT_CONFIG: '{home}' }, expect: 'off' },

  // Every file that counts.
  ...[
    file('home', user, no),
    file('home', '.runmat/config.toml', no),
    file('home', '.runmat/config.json', '{"telemetry": {"enabled": false}}'),
    file('project', 'runmat.toml', no),
    file('project', '../runmat.toml', no),
    file('home', '.config/runmat/config.json', '{"runtime": {"telemetry": {"enabled": false}}}'),
    file('project', 'runmat.json', '{"telemetry": {"enabled": false}}'),
    file('project', '../runmat.json', '{"runtime":{"telemetry":{"enabled":false}}}\n'),
    file('system', 'telemetry.toml', no),
  ].map((one) => said(`a no in ${one.base}:${one.path}`, [one], 'off')),
  ...[
    file('home', user, yes),
    file('home', '.config/runmat/config.json', '{"runtime": {"telemetry": {"enabled": true}}}'),
    file('project', 'runmat.toml', yes),
    file('project', 'runmat.json', '{"name": "x", "list": [1, {"a": null}], "b": {}}'),
    file('system', 'telemetry.toml', '# nothing\n'),
  ].map((one) => said(`a yes in ${one.base}:${one.path}`, [one], 'on')),
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
    '[enabled]\n',
    'enabled = true\n[telemetry]\nenabled = false\n',
    '[TELEMETRY]\nenabled = false\n',
    '[runtime.telemetri]\nenabled = false\n',
    'runtimes.telemetry.enabled = false\n',
  ].map((text) => said(`the system says ${JSON.stringify(text)}`, [system(text)], 'off')),
  ...['enabled = true\n', 'uploads = true\n[runtime.telemetry]\nenabled = true\n'].map((text) =>
    said(`the system says ${JSON.stringify(text)}`, [system(text)], 'on'),
  ),
  ...texts('on', ['enabled = false\n', '[other]\nenabled = false\nenable = 1\n']),
  {
    ...said('a no in the XDG file', [file('home', 'xdg/runmat/config.toml', no)], 'off'),
    env: { XDG_CONFIG_HOME: '{home}/xdg' },
  },
  {
    ...said(
      'a no in the JSON of the XDG folder',
      [file('home', 'xdg/runmat/config.json', '{"telemetry": {"enabled": false}}')],
      'off',
    ),
    env: { XDG_CONFIG_HOME: '{home}/xdg' },
  },
  {
    ...said(
      'a no in ~/.config beside a yes in the XDG file',
      [file('home', user, no), file('home', 'xdg/runmat/config.toml', yes)],
      'off',
    ),
    env: { XDG_CONFIG_HOME: '{home}/xdg' },
  },
  {
    ...said('a no in the file that RUNMAT_CONFIG names', [file('home', 'named.toml', no)], 'off'),
    env: { RUNMAT_CONFIG: '{home}/named.toml' },
  },
  {
    ...said(
      'a no in the JSON that RUNMAT_CONFIG names',
      [file('home', 'named.json', '{"telemetry": {"enabled": false}}')],
      'off',
    ),
    env: { RUNMAT_CONFIG: '{home}/named.json' },
  },

  // Spellings of a no.
  ...texts('off', [
    'telemetry.enabled = false',
    '[telemetry]\nenabled = false\n',
    '[telemetry]\r\nenabled = false\r\n',
    '[telemetry]\nuploads = false\n',
    '[runtime]\ntelemetry.enabled = false\n',
    '[runtime]\ntelemetry = { enabled = false }\n',
    'runtime = { telemetry = { enabled = false } }\n',
    '[ runtime . "telemetry" ] # ours\n\t"enabled" =false # no\n',
    "['runtime'.'telemetry']\n'enabled' = false\n",
    '["runtime"."tele\\u006detry"]\nenabled = false\n',
    '[telemetry]\n"en\\u0061bled" = false\n',
    '[telemetry]\nx = [\n[1]\n]\nenabled = false\n',
    'x = """\n[other]\n"""\n[telemetry]\nenabled = false\n',
  ]),
  // Unclear ones.
  ...texts('off', [
    'telemetry = false\n',
    'telemetry = "off"\n',
    '[runtime]\ntelemetry = true\n',
    '[[telemetry]]\nenabled = true\n',
    '[[runtime.telemetry]]\nenabled = true\n',
    '[runtime.telemetry]\nenabled = "true"\n',
    '[runtime.telemetry]\nenabled = 1\n',
    '[runtime.telemetry]\nenabled = [true]\n',
    '[runtime.telemetry]\nenable = true\n',
    '[runtime.telemetry]\nEnabled = true\n',
    '[runtime.telemetry]\nenabeld = true\n',
    '[telemetry]\nENABLED = false\n',
    '[telemetry]\nenabled = true\nupload = false\n',
    '[runtime.telemetry]\nqueue_size = "many"\n',
    '[runtime.telemetry]\ndrain_mode = "some"\n',
    '[telemetry',
    'enabled',
    'a = \n',
    'a = yes\n',
    'a = 1\na = 2\n',
    '[telemetry]\nenabled = true\nenabled = false\n',
    'a = "\u0001"\n',
  ]),
  ...[
    '{"telemetry": false}',
    '{"telemetry": [{"enabled": true}]}',
    '{"telemetry": {"enabled": "true"}}',
    '{"runtime": {"telemetry": {"Enabled": true}}}',
    '{"runtime": {"telemetry": {"enabled": true, "enabled": false}}}',
    '{"runtime": {"tele\\u006detry": {"enabled": false}}}',
    '{"telemetry": {"enabled": true},}',
    '{"telemetry": {"enabled": true}} // ours',
    '{"a": [1 2]}',
    "{'a': 1}",
    '{"a": 1',
    '',
  ].map((text) => said(`JSON: ${text}`, [file('project', 'runmat.json', text)], 'off')),

  // What is no plain file.
  ...(
    [
      ['UTF-16', { hex: utf16(yes) }, 'off'],
      ['UTF-16 without a mark', { hex: utf16(yes).slice(4) }, 'off'],
      ['a byte order mark and a no', { hex: `efbbbf${hex(no)}` }, 'off'],
      ['a byte that is no UTF-8', { hex: `${hex('# ')}ff0a` }, 'off'],
      ['60,000 bytes', { text: '# long\n'.padEnd(60_000, '# more\n') }, 'on'],
      ['70,000 bytes', { text: '# long\n'.padEnd(70_000, '# more\n') }, 'off'],
      ['30 GB', { sparse: 30e9 }, 'off'],
      ['a folder', { special: 'folder' }, 'off'],
      ['a pipe', { special: 'pipe' }, 'off'],
      ['a device', { link: '/dev/zero' }, 'off'],
      ['a link to itself', { link: 'config.toml' }, 'off'],
      ['a link to nowhere', { link: 'missing' }, 'off'],
    ] as const
  ).map(([name, content, expect]) =>
    said(`the settings file is ${name}`, [{ base: 'home', path: user, content }], expect),
  ),

  // No word about telemetry.
  ...texts('on', [
    '',
    '# enabled = false\n',
    '[accelerate]\nenabled = false\n\n[jit]\nlevel = "telemetry"\n',
    '[runtime.telemetry]\r\nenabled = true # enabled = false\r\nqueue_size = 256\r\n',
    'telemetry.enabled = true\n[runtime.telemetry]\nenabled=true\n[other]\nenabled = false\n',
    '[runtime.telemetry]\nhttp_endpoint = ""\nudp_endpoint = ""\n',
    '[[bench]]\nname = "a"\n[[bench]]\nname = "b"\n"größe" = { a = 1, b = [1, 2] }\n',
  ]),
  ...texts('on', ['a = [\n  1,\n]\n', 'a = """\nb\n"""\n', '"caf\\u00e9" = 1\n']).map((one) => ({
    ...one,
    installers: 'off' as const,
  })),
]

function off(): readonly string[] {
  return ['', '0', ' FALSE ', 'No', 'off', ' ']
}

function variable(
  name: string,
  values: { readonly off: readonly string[]; readonly on: readonly string[] },
): readonly OptOutCase[] {
  return (['off', 'on'] as const).flatMap((expect) =>
    values[expect].map((value) => ({ name: `${name}=${value}`, env: { [name]: value }, expect })),
  )
}

function file(base: OptOutFile['base'], path: string, text: string): OptOutFile {
  return { base, path, content: { text } }
}

function system(text: string): OptOutFile {
  return file('system', 'telemetry.toml', text)
}

function said(name: string, files: readonly OptOutFile[], expect: 'on' | 'off'): OptOutCase {
  return { name, files, expect }
}

function texts(expect: 'on' | 'off', list: readonly string[]): readonly OptOutCase[] {
  return list.map((text) =>
    said(`TOML: ${JSON.stringify(text)}`, [file('home', user, text)], expect),
  )
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

function utf16(text: string): string {
  return `fffe${Buffer.from(text, 'utf16le').toString('hex')}`
}
