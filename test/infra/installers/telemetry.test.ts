import { describe, expect, it, onTestFinished } from 'vitest'

import { runmat } from '../../../src/product/runmat.ts'
import type { Answer } from '../../support/collector.ts'
import { nothingRuns } from '../../support/processes.ts'
import { startProxy } from '../../support/proxy.ts'
import { run } from '../../support/run.ts'
import {
  canInstall,
  clients,
  goodArchive,
  installSh,
  openStage,
  pathOf,
  pathWith,
  release,
  shells,
  where,
} from './stage.ts'

const troubles: readonly Answer[] = [
  { hang: 'before headers' },
  { drip: 'body', everyMs: 100 },
  'reset',
  500,
]
const both = ['install_start', 'install_complete']

describe.skipIf(!canInstall)('where install.sh sends to', () => {
  it.each(['http://localhost', 'http://127.0.0.1'])('may be %s', async (start) => {
    const stage = await openStage()
    const endpoint = `${start}:${stage.collector.port}/api/telemetry?x=1`
    const env = { RUNMAT_TELEMETRY_ENDPOINT: endpoint }
    expect(await stage.install({ env })).toMatchObject({ code: 0 })
    expect(await stage.labels()).toEqual(both)
    expect(stage.collector.events.map((one) => `${one.method} ${one.path}`)).toEqual([
      'POST /api/telemetry?x=1',
      'POST /api/telemetry?x=1',
    ])
  })

  it.each(clients.filter((client) => !client.includes('=')))(
    'is RunMat’s collector, and no other place (%s)',
    async (client) => {
      const stage = await openStage()
      const proxy = await startProxy({ tunnels: 'close' })
      onTestFinished(proxy.stop)
      const PATH = pathOf(stage.home, client, 'sha256sum')
      const env = { PATH, https_proxy: proxy.url, RUNMAT_TELEMETRY_ENDPOINT: undefined }
      expect(await stage.install({ shell: [where('sh')], env })).toMatchObject({ code: 0 })
      await nothingRuns(stage.home)
      const targets = proxy.seen.map(({ method, target }) => `${method} ${target}`)
      expect(new Set(targets)).toEqual(new Set([`CONNECT ${new URL(runmat.endpoint).host}:443`]))
    },
  )

  it.each(clients.filter((client) => !client.includes('=')))(
    'is not where the collector redirects to (%s)',
    async (client) => {
      const stage = await openStage()
      const location = `${new URL(stage.releases.url).origin}/elsewhere`
      stage.collector.setAnswer({ status: 307, headers: { location } })
      const env = { PATH: pathOf(stage.home, client, 'sha256sum') }
      expect(await stage.install({ shell: [where('sh')], env })).toMatchObject({ code: 0 })
      expect(await stage.labels()).toEqual(both)
      expect(stage.releases.events.map((one) => one.path)).not.toContain('/elsewhere')
    },
  )
})

describe.skipIf(!canInstall).each(clients)(
  'a collector that install.sh meets with %s',
  (client) => {
    it('changes nothing and keeps nothing running, whatever it does', async () => {
      const install = async (answer: Answer) => {
        const stage = await openStage()
        stage.collector.setAnswer(answer)
        const env = { PATH: pathOf(stage.home, client, 'sha256sum') }
        const { code, out, err } = await stage.install({ shell: [where('sh')], env })
        const labels = await stage.labels()
        return { code, labels, said: `${out}${err}`.replaceAll(stage.home.path, '~') }
      }
      // Each takes the three seconds that it is given, so all of them have them at once.
      const [good, ...bad] = await Promise.all([204 as const, ...troubles].map(install))
      expect(good).toMatchObject({ code: 0, labels: both })
      for (const one of bad) expect(one).toEqual(good)
    })

    it('is not waited for, by it or by a reader of its output', async () => {
      const stage = await openStage()
      const { home } = stage
      const [name = '', target = name] = client.split('=')
      // A client that posts only when this test lets it, which is when everything else has ended.
      const real = target === name ? where(name) : `${where(target)} ${name}`
      // It gives up with the home, so that a failure leaves nothing running.
      const wait = `until [ -e '${home.at('go')}' ] || [ ! -d '${home.path}' ]; do sleep 0.05; done`
      const stub = { [name]: `case "$*" in *--data*|*--post*) ${wait} ;; esac; exec ${real} "$@"` }
      const PATH = `${pathWith(home, stub).split(':')[0]}:${pathOf(home, 'sha256sum')}`
      const pipeline = '{ "$0" "$1"; echo "exit $?"; } 2>&1 | cat'
      const ended = await run(where('sh'), ['-c', pipeline, where('sh'), installSh], home, {
        env: { ...stage.env, PATH },
      })
      expect(ended.out).toMatch(/\nexit 0\n$/)
      expect(stage.collector.requests).toBe(0)
      home.write('go', '')
    })
  },
)

describe.skipIf(!canInstall)('what install.sh sends', () => {
  it('can be seen, byte for byte', async () => {
    const stage = await openStage()
    const { err } = await stage.install({ env: { RUNMAT_TELEMETRY_SHOW: '1' } })
    await stage.labels()
    const shown = err.split('\n').filter((line) => line.startsWith('{'))
    expect(new Set(shown)).toEqual(new Set(stage.collector.events.map(({ text }) => text)))
  })

  it.each(['1.2', '1.2.3-rc.1', 'v1.2.3+build.7'])('names the release %s', async (name) => {
    const stage = await openStage()
    stage.serve(release(goodArchive, `/r/download/${name}/runmat-${name}-linux-x86_64.tar.gz`))
    expect(await stage.install({ args: ['--version', name] })).toMatchObject({ code: 0 })
    expect((await stage.sent()).map((event) => event['release'])).toEqual([name, name])
  })

  it.each(['nightly', `v1.2.3-${'a'.repeat(33)}`, '1', 'v1.2.3.4', 'v1234567.0'])(
    'does not name the release %s',
    async (name) => {
      const stage = await openStage()
      await stage.install({ args: ['--version', name] })
      expect((await stage.sent()).map((event) => event['release'])).toEqual(['unknown', 'unknown'])
    },
  )

  it('holds no more than that the client needs to speak', async () => {
    const stage = await openStage()
    await stage.install()
    await stage.labels()
    for (const { headers } of stage.collector.events) {
      expect(headers['user-agent']).toBe('runmat-install')
      expect(Object.keys(headers).sort()).toEqual([
        'accept',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ])
    }
  })

  it.each(shells)('is the same under $name', async ({ command: shell }) => {
    const stage = await openStage()
    expect(await stage.install({ shell })).toMatchObject({ code: 0 })
    expect(await stage.labels()).toEqual(both)
  })
})
