import { beforeAll, describe, expect, it } from 'vitest'

import { startCollector } from '../support/collector.ts'
import { type Certificates, makeCertificates } from '../support/tls.ts'
import { outcomesInChild, postInChild } from './child.ts'
import { cleanUpLater, forNow, stage, posterTo } from './stage.ts'

const body = '{"event_label":"run"}'
const delivered = { kind: 'delivered' }
const certificate = { kind: 'failed', reason: 'certificate' }
let tls: Certificates

beforeAll(async () => {
  tls = await certificates()
})

describe.concurrent('https', () => {
  it('delivers if NODE_EXTRA_CA_CERTS contains the authority of the collector’s certificate', async () => {
    const { collector } = await stage(204, { tls })
    const trust = { NODE_EXTRA_CA_CERTS: tls.caFile }
    expect(await outcomesInChild(collector.url, trust, { bodies: [body, body, body] })).toEqual([
      delivered,
      delivered,
      delivered,
    ])
    expect(collector.events.map(({ text }) => text)).toEqual([body, body, body])
    expect(collector.connections).toBe(1)
    const named = collector.url.replace('127.0.0.1', 'localhost')
    expect(await outcomesInChild(named, trust)).toEqual([delivered])
  })

  it('sends nothing to a collector with an untrusted certificate, even if a variable allows it', async () => {
    const { collector, post } = await stage(204, { tls })
    expect(await post(body)).toEqual(certificate)
    const { outcomes } = await postInChild(collector.url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
      .ended
    expect(outcomes).toEqual([certificate])
    expect(collector.requests).toBe(0)
  })

  it.each([
    ['another name', { names: ['elsewhere.invalid'], addresses: ['127.0.0.9'] }],
    ['another time', { expired: true }],
  ])('sends nothing to a collector whose certificate is for %s', async (_, options) => {
    const wrong = await certificates(options)
    const collector = forNow(await startCollector({ tls: wrong }))
    const trust = { NODE_EXTRA_CA_CERTS: wrong.caFile }
    expect(await outcomesInChild(collector.url, trust)).toEqual([certificate])
    expect(collector.requests).toBe(0)
  })

  it('does not fall back to plain text', async () => {
    const { collector } = await stage()
    const { post } = posterTo(collector.url.replace('http:', 'https:'))
    expect(await post(body)).toEqual({ kind: 'failed', reason: 'tls' })
    expect(collector.requests).toBe(0)
  })

  it.each(['reset', 'close'] as const)(
    'calls a connection that breaks by %s a reset',
    async (answer) => {
      const { collector } = await stage(answer, { tls })
      const trust = { NODE_EXTRA_CA_CERTS: tls.caFile }
      expect(await outcomesInChild(collector.url, trust)).toEqual([
        { kind: 'failed', reason: 'reset' },
      ])
    },
  )
})

async function certificates(options = {}): Promise<Certificates> {
  const made = await makeCertificates(options)
  cleanUpLater(made.remove)
  return made
}
