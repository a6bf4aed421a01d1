import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type Home, tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'
import { simulateRunMat } from './simulated-runmat.ts'

const runs = Number(process.env['TELEMETRY_WORLDS'] ?? 300)

const tomls = [
  '',
  '[runtime.telemetry]\n',
  '[runtime.telemetry]\nenabled = true\n',
  '[runtime.telemetry]\nenabled = false\n',
  'runtime.telemetry.enabled = true # dotted\n',
  'runtime = { telemetry = { enabled = true, udp_endpoint = "u.invalid:1" } }\n',
  '[runtime.telemetry]\nhttp_endpoint = "https://h.invalid/t"\nudp_endpoint = ""\n',
  '[runtime.telemetry]\nenabeld = false\n',
  '[[runtime.telemetry]]\nenabled = false\n',
  '[runtime]\nunknown = 1\n',
  '[runtime]\nverbose = true\n[runtime.jit]\nthreshold = 3\n',
  '[telemetry]\nenabled = false\n',
  '[telemetry]\nuploads = false\n',
  '[package]\nname = "x"\n',
  'enabled = fals\n',
  `# ${'x'.repeat(66_000)}\n[runtime.telemetry]\nenabled = true\n`,
]
const jsons = [
  '{}',
  '{"runtime": {"telemetry": {"enabled": true}}}',
  '{\n  "runtime": {\n    "telemetry": {\n      "enabled": false\n    }\n  }\n}\n',
  '{"runtime": {"telemetry": null}}',
  '{"runtime": {"tele\\u006detry": {"enabled": true}}}',
  '{"package": {"name": "x"}, "runtime": {"verbose": true}}',
  '{"package": {"a": 1, "a": 2}}',
  '{"runtime": {"telemetry": {"enabled": false, "enabled": true}}}',
  '{"runtime": {"telemetry": {}},}',
  '\uFEFF{"runtime": {"telemetry": {"enabled": true}}}',
  '// {}',
  '[]',
  '',
]

const folder = Symbol('a folder')
const fileOf = (texts: readonly string[], absent: number) =>
  fc.oneof(
    { weight: absent, arbitrary: fc.constant(undefined) },
    { weight: 5, arbitrary: fc.constantFrom(...texts) },
    { weight: 1, arbitrary: fc.constant(folder) },
  )

/** The more often a file is absent, the fewer contradict each other. */
const worldOf = (absent: number) =>
  fc.record({
    files: fc.record({
      'xdg/runmat/config.toml': fileOf(tomls, absent),
      '.config/runmat/config.toml': fileOf(tomls, absent),
      '.config/runmat/config.json': fileOf(jsons, absent),
      '.runmat/config.toml': fileOf(tomls, absent),
      'work/runmat.toml': fileOf(tomls, absent),
      'work/runmat.json': fileOf(jsons, absent),
      'work/deep/runmat.toml': fileOf(tomls, absent),
      'work/deep/runmat.json': fileOf(jsons, absent),
      'named.toml': fileOf(tomls, absent),
      'named.json': fileOf(jsons, absent),
    }),
    xdg: fc.boolean(),
    cwd: fc.constantFrom('.', 'work', 'work/deep'),
    named: fc.option(fc.constantFrom('', 'missing.toml', 'named.toml', 'named.json'), {
      nil: undefined,
      freq: 4,
    }),
    variable: fc.constantFrom({}, {}, { DO_NOT_TRACK: '1' }, { RUNMAT_TELEMETRY: 'maybe' }),
    here: fc.boolean(),
  })

interface Status {
  readonly collecting: boolean
  readonly uploading: boolean
  readonly host: {
    readonly enabled: boolean
    readonly http_endpoint: string | null
    readonly udp_endpoint: string | null
    readonly agrees: boolean
  }
}

type World = Omit<ValueOf<ReturnType<typeof worldOf>>, 'here'>
type ValueOf<T> = T extends fc.Arbitrary<infer V> ? V : never

let count = 0

/** Makes the files of a world in a home of its own. */
function settle(base: Home, { files, xdg, cwd, named, variable }: World) {
  const home = base.at(`world-${(count += 1)}`)
  mkdirSync(path.join(home, 'work/deep'), { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string') base.write(path.join(home, name), content)
    else if (content === folder) mkdirSync(path.join(home, name), { recursive: true })
  }
  const env = {
    ...variable,
    ...(xdg && { XDG_CONFIG_HOME: path.join(home, 'xdg') }),
    ...(named !== undefined && { RUNMAT_CONFIG: named && path.join(home, named) }),
  }
  const at = path.join(home, cwd)
  return { home, at, env, environment: environmentIn(home, { cwd: at, env }) }
}

describe('with any combination of settings files', () => {
  it(
    'disable and status report exactly what RunMat does',
    { timeout: 600_000 + runs * 500 },
    async () => {
      let heard = 0
      let shadowed = 0
      const base = tempHome()
      const property = fc.asyncProperty(
        worldOf(4),
        async ({ files, xdg, cwd, named, variable, here }) => {
          const { home, at, env, environment } = settle(base, { files, xdg, cwd, named, variable })
          const statusNow = async () =>
            JSON.parse((await command(environment, ['status', '--json'])).out) as Status

          const before = await statusNow()
          const real = simulateRunMat(home, at, env)
          // What we do not read, or cannot tell, counts as sending.
          if (real.sends) expect(before.host.enabled).toBe(true)
          expect(before.host.agrees).toBe(!(before.host.enabled && !before.uploading))
          const isDoubtful = Object.values(files).some(
            (text) => typeof text === 'string' && (text.length > 65_536 || text.includes('"a": 2')),
          )
          if (!isDoubtful && before.host.enabled) {
            const { http_endpoint: http, udp_endpoint: udp } = before.host
            expect({ sends: true, http, udp }).toEqual(real)
          }

          const ended = await command(environment, here ? ['disable', '--here'] : ['disable'])
          const after = await statusNow()
          expect(after.collecting).toBe(false)
          if (ended.code === 0) {
            heard += 1
            expect(simulateRunMat(home, at, env).sends).toBe(false)
            expect(after.host.enabled).toBe(false)
          } else {
            shadowed += 1
            expect(ended.err).toMatch(/RUNMAT_NO_TELEMETRY=1|disable --here|To stop it: replace/)
            // What is named has to help.
            if (ended.err.includes('disable --here')) {
              await command(environment, ['disable', '--here'])
              expect(simulateRunMat(home, at, env).sends).toBe(false)
            }
          }
          rmSync(home, { recursive: true })
        },
      )
      await fc.assert(property, { numRuns: runs })
      expect(Math.min(heard, shadowed)).toBeGreaterThan(runs / 20)
    },
  )

  it(
    'the commands that status and disable name do what they say',
    { timeout: 600_000 + runs * 500 },
    async () => {
      const base = tempHome()
      const told = { stop: 0, on: 0, send: 0 }
      const property = fc.asyncProperty(worldOf(25), fc.boolean(), async (world, isLocal) => {
        const { home, at, env, environment } = settle(base, world)
        const say = async (line: string) => (await command(environment, line.split(' '))).out
        const verdict = async () => JSON.parse(await say('status --json')) as Status
        // No command changes what a variable says.
        const isByFiles =
          env.RUNMAT_CONFIG === undefined && Object.keys(world.variable).length === 0
        const named = (text: string, what: string) =>
          new RegExp(`^${what}: runmat-telemetry ((?!.* by hand$).*)$`, 'm').exec(text)?.[1]

        if (isLocal) await say('local')
        const text = await say('status')
        const stop = named(text, 'To stop it')
        const send = isByFiles ? named(text, 'Send again') : undefined
        if (send !== undefined) {
          told.send += 1
          await say(send)
          expect(await verdict()).toMatchObject({ uploading: true })
        }
        if (stop !== undefined) {
          told.stop += 1
          await say(stop)
          expect(simulateRunMat(home, at, env).sends).toBe(false)
        }
        const off = await say('disable')
        const on = isByFiles ? named(off, 'Turn it on again') : undefined
        if (on !== undefined) {
          told.on += 1
          await say(on)
          expect(await verdict()).toMatchObject({ collecting: true })
        }
        rmSync(home, { recursive: true })
      })
      await fc.assert(property, { numRuns: runs })
      expect(Math.min(...Object.values(told))).toBeGreaterThan(runs / 100)
    },
  )
})
