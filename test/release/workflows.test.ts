import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { root } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions?: Readonly<Record<string, string>>
        readonly uses?: string
        readonly needs?: string
        readonly steps?: readonly Step[]
        readonly 'timeout-minutes'?: number
      }
    >
  >
}

const folder = path.join(root, '.github/workflows')
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(path.join(folder, name), 'utf8')
  return [name, text, parse(text) as Workflow] as const
})

describe.each(workflows)('%s', (_, text, workflow) => {
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap((job) => job.steps ?? [])

  it('runs code of others only if it is pinned by hash', () => {
    const used = [...text.matchAll(/uses: (\S+)(.*)/g)].filter(
      ([, name]) => !name?.startsWith('./'),
    )
    expect(used.length).toBeGreaterThan(0)
    for (const [, name, comment] of used) {
      expect(name).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/)
      expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/)
    }
  })

  it('may only read, except where it declares otherwise', () => {
    for (const given of Object.values(workflow.permissions ?? { none: 'missing' })) {
      expect(given).toBe('read')
    }
    for (const { permissions = {} } of jobs) {
      const written = Object.keys(permissions).filter((name) => permissions[name] === 'write')
      const writing = ['attestations,id-token', 'attestations,id-token,packages', 'id-token']
      expect(['', 'contents', ...writing]).toContain(written.join())
    }
  })

  it('leaves no credentials to the code that it runs, and has a time limit', () => {
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
      expect(step.with).toMatchObject({ 'persist-credentials': false })
    }
    for (const job of jobs) expect(job.uses ?? job['timeout-minutes']).toBeDefined()
  })

  it.skipIf(!requireTool('shellcheck'))('has clean scripts without expressions in them', () => {
    for (const { run = '' } of steps.filter((step) => step.run !== undefined)) {
      expect(run).not.toContain('${{')
      const checked = spawnSync('shellcheck', ['--shell=bash', '-'], {
        // As GitHub does.
        input: `set -e\n${run}`,
        encoding: 'utf8',
      })
      expect(checked.stdout).toBe('')
    }
  })
})

describe('the images of a release', () => {
  const release = workflows.find(([name]) => name === 'release.yml')?.[2]
  const job = release?.jobs['images']

  it('are built from the Dockerfiles that are tested, pushed and attested', () => {
    const matrix = (job as { strategy?: { matrix?: { service?: readonly string[] } } }).strategy
    const services = matrix?.matrix?.service ?? []
    expect(services).toEqual(['worker', 'udp-forwarder'])
    for (const service of services) {
      expect(existsSync(path.join(root, 'infra', service, 'Dockerfile'))).toBe(true)
    }
    expect(job?.needs).toBe('test')
    const [, build, push, attest] = job?.steps ?? []
    expect(build?.run).toContain('-f "infra/$SERVICE/Dockerfile"')
    expect(push?.run).toContain('docker push')
    expect(attest?.with?.['subject-digest']).toBe('${{ steps.push.outputs.digest }}')
  })
})
