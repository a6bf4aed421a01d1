import { beforeAll, describe, expect, it } from 'vitest'

import { faultHome, settle } from '../../faults/stage.ts'
import { fillQueue, queueContent } from '../../support/events.ts'
import { nothingRuns } from '../../support/processes.ts'
import { cli, root, run } from '../../support/run.ts'
import { buildWorker, run as runWorker } from '../worker/support/process.ts'
import { startPostHog } from '../worker/support/posthog.ts'
import { key, later } from '../worker/support/stage.ts'

let program = ''
beforeAll(() => {
  program = buildWorker()
})

async function debugging() {
  const posthog = await startPostHog(200)
  later(() => posthog.stop())
  const env = { POSTHOG_API_KEY: 'phc_test', POSTHOG_HOST: posthog.url, DEBUG_TAGS: '1' }
  const worker = await runWorker(program, env)
  const home = faultHome()
  home.write(
    home.settings,
    `[runtime.telemetry]\nhttp_endpoint = "${worker.url}/v1/t"\nudp_endpoint = ""\n`,
  )
  settle(home)
  const page = (tag: string): string => `${worker.url}/debug/${tag}`
  const shown = async (tag: string): Promise<readonly string[]> => {
    const answer = await fetch(page(tag), { headers: { 'x-telemetry-key': key } })
    const { events } = (await answer.json()) as { events: readonly { received: string }[] }
    return events.map(({ received }) => received)
  }
  return { home, posthog, page, shown }
}

describe('RUNMAT_TELEMETRY_DEBUG', () => {
  it('shows what a run sends, and starts no uploader for what waits', async () => {
    const { home, posthog, page, shown } = await debugging()
    const [waiting] = fillQueue(home, 1)
    const code = `
      import { openTelemetry, runmat } from ${JSON.stringify(`${root}/dist/index.js`)}
      const telemetry = openTelemetry(runmat, { version: '1.0.0' })
      telemetry.startRun({ runKind: 'script', jitEnabled: true, accelerateEnabled: true })
      const isShown = async () => {
        const page = await fetch(process.env.DEBUG_PAGE, { headers: { 'x-telemetry-key': '${key}' } })
        return (await page.json()).events.length > 0
      }
      while (!(await isShown())) await new Promise((resolve) => setTimeout(resolve, 20))
      await telemetry.close()`
    const env = {
      RUNMAT_TELEMETRY_KEY: key,
      RUNMAT_TELEMETRY_DEBUG: 'my tag',
      DEBUG_PAGE: page('my-tag'),
    }
    await run(process.execPath, ['--input-type=module', '-e', code], home, { env })
    await nothingRuns(home)
    expect((await shown('my-tag')).map((text) => JSON.parse(text) as unknown)).toContainEqual(
      expect.objectContaining({ event_label: 'runtime.run.started' }),
    )
    expect(Object.values(queueContent(home)).join()).toContain(waiting?.id)
    expect(posthog.stored).toEqual([])
  })

  it('shows what a person sends with upload, byte for byte', async () => {
    const { home, posthog, shown } = await debugging()
    const events = fillQueue(home, 3)
    const env = { RUNMAT_TELEMETRY_KEY: key, RUNMAT_TELEMETRY_DEBUG: 'mine' }
    expect(await cli(home, ['upload'], { env })).toMatchObject({ code: 0 })
    const all = events.map(({ bytes }) => bytes)
    expect((await shown('mine')).toSorted()).toEqual(all.toSorted())
    expect([posthog.stored, queueContent(home)]).toEqual([[], {}])
  })
})
