import { spawn } from 'node:child_process'
import path from 'node:path'

import { rolldown } from 'rolldown'
import { beforeAll } from 'vitest'

import type { PostOutcome } from '../../src/deliver/http/outcome.ts'
import { tempHome } from '../support/home.ts'
import { runtime } from '../support/run.ts'
import { key } from './stage.ts'

export interface Child {
  readonly giveUp: () => void
  /** What it printed and how it ended. */
  readonly ended: Promise<{ code: number | null; outcomes: readonly PostOutcome[]; err: string }>
}

let bundled = ''

beforeAll(async () => {
  const bundle = await rolldown({
    input: path.join(import.meta.dirname, 'program.ts'),
    platform: 'node',
  })
  bundled = path.join(tempHome().path, 'program.mjs')
  await bundle.write({ file: bundled, codeSplitting: false })
  await bundle.close()
})

/** Posts in a process of its own, because what Node trusts is settled when it starts. */
export function postInChild(
  endpoint: string,
  env: Readonly<Record<string, string>> = {},
  { bodies = ['{}'], timeoutMs = 10_000 }: { bodies?: readonly string[]; timeoutMs?: number } = {},
): Child {
  const headers = { 'User-Agent': 'test/1', 'X-Key': key }
  const job = JSON.stringify({ endpoint, headers, bodies, timeoutMs, inFlight: 2 })
  const child = spawn(runtime.command, [bundled, job], {
    env: { ...tempHome().env, ...runtime.env, ...env },
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  return {
    giveUp: () => child.stdin.end(),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => {
        const outcomes = JSON.parse(Buffer.concat(out).toString() || '[]') as readonly PostOutcome[]
        resolve({ code, outcomes, err: Buffer.concat(err).toString() })
      })
    }),
  }
}

/** The outcomes of a child that had nothing to complain about. */
export async function outcomesInChild(
  ...job: Parameters<typeof postInChild>
): Promise<readonly PostOutcome[]> {
  const { code, outcomes, err } = await postInChild(...job).ended
  if (code !== 0 || outcomes.length === 0) throw new Error(`exit ${code}: ${err}`)
  return outcomes
}
