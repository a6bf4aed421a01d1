import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { renameSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { startCollector } from '../support/collector.ts'
import { eventually } from '../support/eventually.ts'
import { withFsFaults } from '../support/fs-faults.ts'
import { type Home, tempHome } from '../support/home.ts'
import { command, environmentIn } from '../support/in-process.ts'
import { findMounter } from '../support/mounts.ts'
import { cli, cliCommand, cliJson, executable, run } from '../support/run.ts'
import { openTerminal } from '../support/terminal.ts'
import { requireTool } from '../support/tools.ts'
import { holds, sender } from './forget-scene.ts'

const question = 'Erase everything here and at the collector'

describe.skipIf(!requireTool('script')).concurrent('forget in a terminal', () => {
  it('shows what will be asked and where, and asks after a yes', async () => {
    const { home, id, collector } = await sender(204)
    const terminal = openTerminal(home, [...cliCommand, 'forget'])
    await terminal.sees(`1 request to ${collector.url}`)
    await terminal.sees(`"cid":"${id}"`)
    await terminal.sees(question)
    expect(collector.requests).toBe(0)
    terminal.type('y')
    await terminal.sees('has confirmed the erasure')
    expect(await terminal.ended).toBe(0)
    expect(collector.requests).toBe(1)
    expect(holds(home, id)).toBe(false)
    await collector.stop()
  })

  it('posts the very bytes that it has shown, also when it asks again', async () => {
    const { home, collector } = await sender(503, [randomUUID()])
    for (const [answer, code, requests] of [
      [503, 1, 1],
      [204, 0, 3],
    ] as const) {
      collector.setAnswer(answer)
      const terminal = openTerminal(home, [...cliCommand, 'forget'])
      await terminal.sees(question)
      terminal.type('y')
      expect(await terminal.ended).toBe(code)
      expect(collector.requests).toBe(requests)
      const posted = collector.events.slice(answer === 503 ? 0 : 1).map(({ text }) => text)
      for (const bytes of posted) expect(terminal.shown()).toContain(`  ${bytes}\r\n`)
    }
    await collector.stop()
  })

  it('shows what it asks for besides, if something was recorded while it waited', async () => {
    const { home, collector } = await sender(204)
    const terminal = openTerminal(home, [...cliCommand, 'forget'])
    await terminal.sees(question)
    const late = randomUUID()
    const ledger = path.join(home.state, 'sent.ndjson')
    const line = home.read(ledger).replace(/"uuid":"[^"]*","cid":"[^"]*"/, `"uuid":"${late}"`)
    home.write(ledger, home.read(ledger) + line)
    terminal.type('y')
    await terminal.sees('Recorded in the meantime, so this is asked for, too:')
    expect(await terminal.ended).toBe(0)
    const posted = collector.events.map(({ text }) => text)
    expect(posted).toHaveLength(2)
    for (const bytes of posted) expect(terminal.shown()).toContain(`  ${bytes}\r\n`)
    expect(posted[1]).toContain(late)
    await collector.stop()
  })

  it.each([
    ['a no', 'n', 'No'],
    ['Enter alone', '\r', 'No'],
    ['Esc', '\u001b', 'Cancelled'],
    ['Ctrl-C', '\u0003', 'Cancelled'],
    ['Ctrl-D', '\u0004', 'Cancelled'],
  ])('changes and sends nothing after %s, and fails', async (_, answer, said) => {
    const { home, id, collector } = await sender(204)
    const before = home.read(home.settings)
    const terminal = openTerminal(home, [...cliCommand, 'forget'])
    await terminal.sees(question)
    terminal.type(answer)
    await terminal.sees('Nothing was changed, and nothing was sent.')
    expect(await terminal.ended).toBe(1)
    const frame = terminal.shown().split(question).at(-1) ?? ''
    expect(frame).toContain(`│  ${said}\r\n`)
    expect(frame).not.toContain('│  Yes')
    expect(collector.requests).toBe(0)
    expect(home.read(home.settings)).toBe(before)
    expect(await cliJson(home, ['status'])).toMatchObject({ client_id: id, erase: null })
    await collector.stop()
  })

  it('asks nothing where all is erased and telemetry is off already', async () => {
    const { home, collector } = await sender(204)
    expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
    const terminal = openTerminal(home, [...cliCommand, 'forget'])
    await terminal.sees('so there is nothing to ask for')
    await terminal.sees('RunMat telemetry is off, for good.')
    expect(await terminal.ended).toBe(0)
    expect(collector.requests).toBe(1)
    await collector.stop()
  })

  it('is in the menu', async () => {
    const { home, id, collector } = await sender(204)
    const terminal = openTerminal(home, cliCommand)
    await terminal.sees('to navigate')
    terminal.press('up', 'up', 'up', 'enter')
    await terminal.sees(question)
    terminal.type('y')
    await terminal.sees('has confirmed the erasure')
    await terminal.sees('to navigate')
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
    expect(holds(home, id)).toBe(false)
    await collector.stop()
  })
})

/** Kills the command with -9 while it waits at a call of the file system. */
async function killedAt(home: Home, call: RegExp): Promise<void> {
  const [program, ...before] = cliCommand
  const env = withFsFaults(home, { hold: { call, go: home.at('go') } })
  const child = spawn(program, [...before, 'forget', '--yes'], { env: { ...home.env, ...env } })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await eventually(() => expect(home.has('go.held')).toBe(true))
  child.kill('SIGKILL')
  await ended
  rmSync(home.at('go.held'))
}

describe.skipIf(executable !== undefined).concurrent('forget, killed with -9', () => {
  it.each([
    ['before it asks', /rename .* -> .*erase\.json$/, 0, null],
    ['after the answer', /remove .*telemetry_id$/, 1, { pending: true }],
    ['in the middle of the removal', /remove .*sent\.ndjson$/, 1, { pending: true }],
    ['before the last file is removed', /remove .*erase\.json$/, 1, { pending: true }],
  ])('%s is taken up again', async (_, call, asked, erase) => {
    const { home, id, collector } = await sender(204, [randomUUID()].slice(asked))
    await killedAt(home, call)
    expect(collector.requests).toBeGreaterThanOrEqual(asked)
    expect(await cliJson(home, ['status'])).toMatchObject({ collecting: false, erase })
    expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
    expect(holds(home, id)).toBe(false)
    expect(await cliJson(home, ['status'])).toMatchObject({ erase: null, client_id: null })
    await collector.stop()
  })
})

describe.concurrent('forget', () => {
  it('waits ten seconds for a collector that hangs, and then says so', async () => {
    const { home, id, collector } = await sender({ hang: 'before headers' })
    const ended = await cli(home, ['forget', '--yes'])
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('no answer in time')
    expect(await cliJson(home, ['status'])).toMatchObject({
      client_id: id,
      erase: { pending: true },
    })
    await collector.stop()
  })

  it('asks although the address was emptied, and without a ledger', async () => {
    const { home, id, collector } = await sender(204)
    rmSync(path.join(home.state, 'sent.ndjson'))
    expect(await cli(home, ['endpoint', ''])).toMatchObject({ code: 0 })
    expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
    expect(collector.events.map(({ json }) => json)).toMatchObject([{ cid: id }])
    await collector.stop()
  })

  it.skipIf(executable !== undefined)(
    'erases nothing while what it has to ask for cannot be read',
    async () => {
      for (const name of ['telemetry_id', 'sent.ndjson']) {
        const { home, id, collector } = await sender(204, [randomUUID()])
        const env = withFsFaults(home, { fail: new RegExp(`open .*${name}$`) })
        const refused = await cli(home, ['forget', '--yes'], { env })
        expect(refused).toMatchObject({ code: 1, out: '' })
        expect(refused.err).toMatch(
          new RegExp(`^runmat-.*Nothing was erased: .*${name} can't be read`),
        )
        expect(collector.requests).toBe(0)
        expect(holds(home, id)).toBe(true)
        await collector.stop()
      }
    },
  )

  it('says which variable is missing where the collector wants a key', async () => {
    const { home, collector } = await sender(401)
    const env = { RUNMAT_TELEMETRY_KEY: undefined }
    const ended = await cli(home, ['forget', '--yes'], { env })
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('Set RUNMAT_TELEMETRY_KEY')
    await collector.stop()
  })

  it('names what was sent by its uuid where the id was deleted, and makes none', async () => {
    const earlier = [randomUUID(), randomUUID()]
    const { home, collector } = await sender(204, earlier)
    rmSync(home.clientId)
    expect(await cliJson(home, ['forget', '--yes'])).toMatchObject({ erased: true, requests: 1 })
    const [request] = collector.events.map(({ json }) => json as { cid?: string; events: string[] })
    expect(request?.cid).toBeUndefined()
    expect(request?.events).toEqual(expect.arrayContaining(earlier))
    expect(request?.events).toHaveLength(3)
    expect(home.has(home.clientId) || home.has(home.state)).toBe(false)
    await collector.stop()
  })

  it('does not ask an endpoint of before, and says who else has something', async () => {
    const { home, id, collector } = await sender(204)
    const other = await startCollector({ answer: 204 })
    moveLedger(home, collector.url, other.url)
    const preview = await cli(home, ['forget', '--yes'])
    expect(preview).toMatchObject({ code: 0 })
    expect(preview.out.replaceAll(/\s+/g, ' ')).toContain(`1 event went to ${other.url}`)
    expect(preview.out).toContain(id)
    expect([collector.requests, other.requests]).toEqual([1, 0])
    await Promise.all([collector.stop(), other.stop()])
  })

  it('also asks the built-in endpoint if something was sent there', async () => {
    const { home, id, collector } = await sender(204)
    const builtIn = await startCollector({ answer: 503 })
    moveLedger(home, collector.url, builtIn.url)
    const product = { ...runmat, endpoint: builtIn.url }
    const words = ['forget', '--yes', '--json']
    const forget = () => command(environmentIn(home.path), words, undefined, product)
    expect(await forget()).toMatchObject({ code: 1 })
    expect(holds(home, id)).toBe(true)
    builtIn.setAnswer(204)
    const { code, out } = await forget()
    expect({ code, ...JSON.parse(out) }).toMatchObject({
      code: 0,
      asked: [collector.url, builtIn.url],
      elsewhere: [],
    })
    expect(builtIn.events.at(-1)?.json).toMatchObject({ cid: id })
    expect(builtIn.events.at(-1)?.headers['x-telemetry-key']).toBe('key-of-the-tests')
    await Promise.all([collector.stop(), builtIn.stop()])
  })

  const mounted = findMounter()
  it.runIf(mounted)('asks for nothing in a home that is read-only', async () => {
    const { home, id, collector } = await sender(204)
    const before = `mount --bind '${home.path}' '${home.path}'; mount -o remount,bind,ro '${home.path}'`
    const [program = '', ...args] = mounted?.({ before }, [...cliCommand, 'forget', '--yes']) ?? []
    const ended = await run(program, args, home)
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('config.toml')
    expect(ended.err).toContain('RUNMAT_NO_TELEMETRY')
    expect(collector.requests).toBe(0)
    expect(await cliJson(home, ['status'])).toMatchObject({ client_id: id })
    await collector.stop()
  })

  it('asks for nothing where it cannot note that it asked', async () => {
    const home = tempHome()
    const collector = await startCollector({ answer: 204 })
    home.write(home.clientId, `${randomUUID()}\n`)
    home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${collector.url}"\n`)
    home.write('.cache', '')
    const refused = await cli(home, ['forget', '--yes'])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('erase.json')
    expect(collector.requests).toBe(0)
    expect(home.has(home.clientId)).toBe(true)
    await collector.stop()
  })

  it('finds nothing to remove below what is no folder', async () => {
    for (const name of ['.cache', '.runmat']) {
      const home = tempHome()
      home.write(name, '')
      const { code, out } = await cli(home, ['disable', '--forget'])
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Nothing else') })
      expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
      expect(home.read(name)).toBe('')
    }
  })

  it('asks for nothing where its folder is a link, and names it', async () => {
    const { home, id, collector } = await sender(204)
    const elsewhere = home.at('elsewhere')
    renameSync(home.state, elsewhere)
    symlinkSync(elsewhere, home.state)
    const refused = await cli(home, ['forget', '--yes'])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('could not be deleted')
    expect(refused.err).toContain('is a link')
    expect(collector.requests).toBe(0)
    expect(home.read(home.clientId)).toContain(id)
    await collector.stop()
  })

  it.skipIf(executable !== undefined)(
    'asks where the settings said while they cannot be understood for a moment',
    async () => {
      const { home, id, collector } = await sender(204)
      const go = home.at('go')
      const env = withFsFaults(home, { hold: { call: /remove .*config\.toml\.lock$/, go } })
      const ended = cli(home, ['forget', '--yes'], { env })
      await eventually(() => expect(home.has(`${go}.held`)).toBe(true))
      home.write(home.settings, '[runtime.telemetry\n')
      home.write(go, '')
      expect(await ended).toMatchObject({ code: 0 })
      expect(collector.events[0]?.text).toContain(id)
      await collector.stop()
    },
  )

  it.skipIf(executable !== undefined)(
    'names what it cannot remove, and goes on later',
    async () => {
      const { home, id, collector } = await sender(204)
      const env = withFsFaults(home, { fail: /remove .*sent\.ndjson$/ })
      const half = await cli(home, ['forget', '--yes'], { env })
      expect(half).toMatchObject({ code: 1, out: '' })
      expect(half.err).toContain('has confirmed the erasure')
      expect(await cliJson(home, ['status'])).toMatchObject({ erase: { pending: true } })
      expect(await cli(home, ['forget', '--yes'])).toMatchObject({ code: 0 })
      expect(holds(home, id)).toBe(false)
      await collector.stop()
    },
  )
})

/** Everything on record went to another endpoint than the one in the settings. */
function moveLedger(home: Home, from: string, to: string): void {
  const file = path.join(home.state, 'sent.ndjson')
  home.write(file, home.read(file).replaceAll(from, to))
}
