import { readdirSync } from 'node:fs'
import http from 'node:http'
import { once } from 'node:events'

import { afterAll, describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { makeEvent, queueFolder } from '../support/events.ts'
import { tempHome } from '../support/home.ts'
import { cli, cliJson, executable } from '../support/run.ts'
import { sender } from '../e2e/forget-scene.ts'
import { ask, openView, type OpenView, textOf, visit } from './stage.ts'

const usage = JSON.stringify({ subcommand: 'run', outcome: 'success', engine: 'jit' })

const stops: (() => Promise<void>)[] = []

afterAll(() => Promise.all(stops.map((stop) => stop())))

describe.concurrent('view', () => {
  it('prints one address with a token, also as JSON', async () => {
    const home = tempHome()
    const { url } = await openView(home)
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[A-Za-z0-9\-_.~]{16,}$/)
  })

  it('lets in one browser that brings the token, once', async () => {
    const opened = await openView(tempHome())
    const { pathname, search } = new URL(opened.url)
    const first = await ask(opened.port, { path: pathname + search })
    expect(first.status).toBe(303)
    expect(first.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict/)
    const second = await ask(opened.port, { path: pathname + search })
    expect(second.status).toBe(403)
  })

  it('refuses a request that has neither token nor cookie', async () => {
    const { port } = await openView(tempHome())
    for (const path of ['/', '/events', '/?token=guessed-token-of-some-length', '/nothing']) {
      expect((await ask(port, { path })).status).toBe(403)
    }
    expect((await ask(port, { method: 'POST', path: '/disable' })).status).toBe(403)
  })

  it('refuses another host name, and keeps the token for the right one', async () => {
    const opened = await openView(tempHome())
    const { pathname, search } = new URL(opened.url)
    const path = pathname + search
    for (const host of ['evil.example', `evil.example:${opened.port}`, '127.0.0.1', 'localhost']) {
      expect((await ask(opened.port, { path, headers: { host } })).status).toBe(403)
    }
    expect((await ask(opened.port, { path })).status).toBe(303)
  })

  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'https://127.0.0.1'])(
    'refuses a switch that was clicked on a page of %s',
    async (origin) => {
      const home = tempHome()
      const request = await visit(await openView(home))
      const answer = await request({ method: 'POST', path: '/disable', headers: { origin } })
      expect(answer.status).toBe(403)
      expect(home.has(home.settings)).toBe(false)
    },
  )

  it('turns telemetry off and on again, by forms that need no script', async () => {
    const home = tempHome()
    const opened = await openView(home)
    const request = await visit(opened)
    const origin = `http://127.0.0.1:${opened.port}`
    expect((await request({ path: '/' })).body).toContain('action="/disable"')
    const off = await request({ method: 'POST', path: '/disable', headers: { origin } })
    expect({ status: off.status, to: off.headers.location }).toEqual({ status: 303, to: '/' })
    expect(home.read(home.settings)).toContain('enabled = false')
    expect((await request({ path: '/' })).body).toContain('action="/enable"')
    await request({ method: 'POST', path: '/enable', headers: { origin } })
    expect(home.read(home.settings)).toContain('enabled = true')
  })

  it('changes nothing when it is only looked at', async () => {
    const home = tempHome()
    const request = await visit(await openView(home))
    for (const path of ['/', '/disable', '/enable', '/?event=1', '/nothing'])
      await request({ path })
    expect(readdirSync(home.path)).toEqual([])
  })

  it('shows what waits and what was sent, byte for byte', async () => {
    const home = tempHome()
    const collector = await startCollector()
    stops.push(collector.stop)
    await cli(home, ['endpoint', collector.url])
    await cli(home, ['record', 'usage'], { input: usage })
    await cli(home, ['upload'])
    collector.setAnswer(503)
    await cli(home, ['record', 'install'], {
      input: JSON.stringify({ event_label: 'install_start', method: 'shell' }),
    })
    const waiting = (await cli(home, ['print', '--queued'])).out.trim().split('\n')
    const sent = await cliJson<{ event: object }[]>(home, ['log'])
    expect(waiting.length * sent.length).toBeGreaterThan(0)
    const request = await visit(await openView(home))
    const page = await request({ path: '/' })
    const text = textOf(page.body)
    for (const bytes of [...waiting, ...sent.map(({ event }) => JSON.stringify(event))]) {
      expect(text).toContain(bytes)
    }
    const explained = await request({ path: `/?event=${idIn(waiting[0] ?? '')}` })
    expect(textOf(explained.body)).toContain('Which step of the installation this is.')
  })

  it('says what each field of a run is, also inside its payload', async () => {
    const home = tempHome()
    const run = {
      event_label: 'runtime.run.finished',
      run_kind: 'script',
      payload: { duration_us: 4412, provider: { device: { backend: 'vulkan' } } },
    }
    await cli(home, ['record', 'runtime'], { input: JSON.stringify(run) })
    const { body } = await (await visit(await openView(home)))({ path: '/' })
    expect(textOf(body)).toMatch(/duration_us\s+4412\s+How long the run took, in microseconds\./)
    const device = '{"device":{"backend":"vulkan"}}'
    expect(textOf(body)).toMatch(
      new RegExp(`provider\\s+${device}\\s+The model, vendor and backend`),
    )
  })

  it('sends what is recorded to the open page as it happens', async () => {
    const home = tempHome()
    const { seen, close } = await follow(await openView(home), '/events')
    await cli(home, ['record', 'usage'], { input: usage })
    const [bytes = ''] = (await cli(home, ['print', '--queued'])).out.split('\n')
    await eventually(() => expect(seen()).toContain(`event: recorded\ndata: ${bytes}\n`))
    expect(seen()).toContain('event: page\n')
    close()
  })

  it('keeps an event explained while the page follows what happens, whatever its file is called', async () => {
    const home = tempHome()
    const { bytes, id } = makeEvent(1)
    home.write(`${queueFolder(home)}/of-another-program.json`, bytes)
    const { seen, close } = await follow(await openView(home), `/events?event=${id}`)
    await cli(home, ['record', 'usage'], { input: usage })
    await eventually(() => expect(seen()).toContain('event: page\n'))
    expect(seen()).toContain('Back to everything')
    close()
  })

  it('allows nothing foreign, and is small', async () => {
    const request = await visit(await openView(tempHome()))
    const { body, headers } = await request({ path: '/' })
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/https?:|\*|unsafe/)
    expect(body.match(/(src|href|action)="(?!\/|data:,|#)[^"]*"/g)).toEqual([
      expect.stringContaining('href="https://'),
    ])
    expect(Buffer.byteLength(body)).toBeLessThan(60_000)
  })

  it('ends well on Ctrl-C', async () => {
    const opened = await openView(tempHome())
    opened.process.kill('SIGINT')
    expect(await opened.ended).toBe(0)
  })

  it('names a port that is taken, and a port that is none', async () => {
    const home = tempHome()
    const { port } = await openView(home)
    const taken = await cli(home, ['view', '--no-open', '--port', String(port)])
    expect(taken.code).toBe(1)
    expect(taken.err).toContain(`port ${port}`)
    for (const wrong of ['0', '70000', 'http', '-1', '8080.5']) {
      expect((await cli(home, ['view', '--no-open', `--port=${wrong}`])).code).toBe(2)
    }
  })

  // Only Node loads what it is told in the environment.
  it.skipIf(executable)('says what works where there is no free port', async () => {
    const home = tempHome()
    const full = home.write(
      'full.cjs',
      `require('node:net').Server.prototype.listen = function () {
        const error = Object.assign(new Error('listen EMFILE'), { code: 'EMFILE' })
        process.nextTick(() => this.emit('error', error))
      }`,
    )
    const env = { NODE_OPTIONS: `${home.env['NODE_OPTIONS']} --require=${full}` }
    const { code, out, err } = await cli(home, ['view'], { env })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('Cannot open a port on 127.0.0.1: too many files are open.')
    expect(err).toContain('save it with --export FILE')
    expect(err).not.toContain('--port')
  })

  it('saves one file that needs nobody, with --export', async () => {
    const home = tempHome()
    await cli(home, ['record', 'usage'], { input: usage })
    const file = home.at('page.html')
    const saved = await cli(home, ['view', '--export', file])
    expect(saved).toMatchObject({ code: 0, out: `Saved in ${file}\n` })
    const page = home.read(file)
    expect(page).not.toMatch(/<script|<form|token/)
    const [bytes = ''] = (await cli(home, ['print', '--queued'])).out.split('\n')
    expect(textOf(page)).toContain(bytes)
    const again = await cli(home, ['view', '--export', file])
    expect(again).toMatchObject({ code: 0, out: `Saved in ${file} (replaced)\n` })
    const nowhere = await cli(home, ['view', '--export', '/proc/nowhere/page.html'])
    expect(nowhere).toMatchObject({ code: 1, out: '' })
    expect(nowhere.err).toContain('/proc/nowhere/page.html')
    const noFolder = await cli(home, ['view', '--export', home.at('new/page.html')])
    expect(noFolder).toMatchObject({ code: 1, out: '' })
    expect(noFolder.err).toContain('page.html: its folder does not exist.')
    expect(home.has('new')).toBe(false)
    const unnamed = await cli(home, ['view', '--export', ''])
    expect(unnamed).toMatchObject({ code: 2, out: '' })
    expect(unnamed.err).toContain('--export needs the name of a file.')
  })

  it('warns of addresses that it does not ask before it erases, and does not call that all', async () => {
    const { home, id, collector } = await sender(204)
    stops.push(collector.stop)
    const opened = await openView(home)
    const request = await visit(opened)
    const label = 'Erase everything now'
    expect(textOf((await request({ path: '/' })).body)).toContain(label)
    const elsewhere = 'http://127.0.0.1:9/v1/t'
    const ledger = `${home.state}/sent.ndjson`
    const [line = ''] = home.read(ledger).split('\n')
    home.write(ledger, `${line}\n${line.replace(collector.url, elsewhere)}\n`)
    const warning =
      `1 event went to ${elsewhere}, which is not asked: it is not in your settings any more. ` +
      `Its operator can erase what has the client id ${id}.`
    const before = textOf((await request({ path: '/' })).body)
    expect(before.slice(0, before.indexOf(label))).toContain(warning)
    const origin = `http://127.0.0.1:${opened.port}`
    const posted = await request({ method: 'POST', path: '/forget', headers: { origin } })
    expect(posted.status).toBe(303)
    const after = textOf((await request({ path: '/' })).body)
    expect(after).toContain('Erased, but not everywhere')
    expect(after).not.toContain('Everything is erased')
    expect(after).toContain(warning)
  })

  it('says why the switch did not work', async () => {
    const home = tempHome()
    home.write('.config/runmat/config.toml', 'enabled = [')
    const opened = await openView(home)
    const request = await visit(opened)
    const answer = await request({
      method: 'POST',
      path: '/disable',
      headers: { origin: `http://127.0.0.1:${opened.port}` },
    })
    expect(answer.status).toBe(500)
    expect(answer.body).toContain('role="alert"')
    expect(home.read('.config/runmat/config.toml')).toBe('enabled = [')
  })

  it('pages through a thousand events', async () => {
    const home = tempHome()
    await cli(home, ['record', 'usage'], { input: usage })
    const [bytes = ''] = (await cli(home, ['print', '--queued'])).out.split('\n')
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const event = bytes.replace(/"sequence":\d+/, `"sequence":${index}`)
      return `{"sent_at":"2026-11-01T00:00:00Z","endpoint":"http://127.0.0.1:1/","event":${event}}\n`
    })
    home.write(`${home.state}/sent.ndjson`, lines.slice(-3000).join(''))
    const request = await visit(await openView(home))
    const first = await request({ path: '/' })
    expect(Buffer.byteLength(first.body)).toBeLessThan(60_000)
    expect(first.body).toContain('"sequence":9999')
    const second = await request({ path: '/?sent=2' })
    expect(second.body).toContain('"sequence":9979')
  })
})

function idIn(bytes: string): string {
  const { event_id: id, uuid } = JSON.parse(bytes) as { event_id?: string; uuid?: string }
  return id ?? uuid ?? ''
}

/** What an open page is told. */
async function follow(opened: OpenView, path: string) {
  const { pathname, search } = new URL(opened.url)
  const first = await ask(opened.port, { path: pathname + search })
  const cookie = String(first.headers['set-cookie']?.[0]).split(';')[0] ?? ''
  const stream = http.get({
    host: '127.0.0.1',
    port: opened.port,
    path,
    headers: { cookie },
    agent: false,
  })
  const [response] = (await once(stream, 'response')) as [http.IncomingMessage]
  let seen = ''
  response.on('data', (chunk: Buffer) => (seen += String(chunk)))
  await eventually(() => expect(seen).toContain(': hello'))
  return { seen: () => seen, close: () => stream.destroy() }
}
