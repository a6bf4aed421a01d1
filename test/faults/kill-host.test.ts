import { spawn } from 'node:child_process'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { parseName } from '../../src/store/queue.ts'
import { readStats } from '../../src/store/stats.ts'
import { namesIn, queueFolder } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import type { Home } from '../support/home.ts'
import { program } from '../support/programs.ts'
import { faultHome, host, library, sendTo, settle } from './stage.ts'

const kills = 60
const atOnce = 4

describe('several hosts that are killed at any moment', () => {
  it('leave correct counters and no event twice in the queue', async () => {
    const home = faultHome()
    sendTo(home, 'http://127.0.0.1:9/')
    settle(home)
    let said = 0
    let victims = 0
    const runner = async (): Promise<void> => {
      while (victims < kills) {
        victims += 1
        const counts = await countsOfKilled(home, victims)
        said += counts
      }
    }
    await Promise.all(Array.from({ length: atOnce }, runner))
    // A lock that the last one had not signed yet may still be a living host's for a moment: until
    // then the next ones leave their counts in files of their own.
    await eventually(async () => {
      const last = await host(home, { version: `999.0.${said}`, steps: [['count', 'run']] })
      expect(last).toEqual({ code: 0, signal: null, out: '', err: '' })
      said += 1
      const counts = namesIn(path.join(home.state, 'counts'))
      expect(counts.filter((name) => name.endsWith('.json'))).toEqual([])
    })

    const reading = readStats(path.join(home.state, 'stats.json'))
    const { subcommand_counts: counts, sequence, dropped } = statsOf(reading)
    expect(counts['run']).toBeGreaterThanOrEqual(said)
    expect(counts['run']).toBeLessThanOrEqual(said + victims)
    const sequences = namesIn(queueFolder(home)).flatMap((name) => parseName(name)?.sequence ?? [])
    expect(new Set(sequences).size).toBe(sequences.length)
    expect(Math.max(...sequences)).toBe(sequence)
    expect(sequences.length + dropped).toBeGreaterThanOrEqual(said)
    expect(sequences.length).toBeLessThanOrEqual(1000)
    // What lies there beside it is what those killed were just about to write.
    const beside = namesIn(home.state).filter((name) => !/\.tmp$|^counts$/.test(name))
    expect(beside.toSorted()).toEqual(['queue', 'stats.json'])
    expect(namesIn(queueFolder(home)).length).toBeGreaterThan(kills)
  }, 120_000)
})

function statsOf(reading: ReturnType<typeof readStats>) {
  if (reading.kind !== 'read') throw new Error(`the statistics are ${reading.kind}`)
  return reading.stats
}

/** How often one counted before it was killed, at a random moment of its work. */
function countsOfKilled(home: Home, name: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const args = [program('counter'), library, String(name)]
    const child = spawn(process.execPath, args, {
      env: home.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = 0
    child.stdout.on('data', (dots: Buffer) => {
      if (said === 0) setTimeout(() => child.kill('SIGKILL'), Math.random() * 20)
      said += dots.length
    })
    child.on('error', reject)
    child.on('close', () => resolve(said))
  })
}
