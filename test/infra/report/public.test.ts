import fs, { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { dictionary } from '../../../infra/report/src/public/dictionary.ts'
import type { Candidate, Measured, Protected } from '../../../infra/report/src/public/measured.ts'
import { protect } from '../../../infra/report/src/public/protect.ts'
import { interval, percent } from '../../../infra/report/src/show/figures.ts'
import { questionNames } from '../../../infra/report/src/questions/question.ts'
import { finished, folder, install, lines, report } from './support/cli.ts'
import { reduced } from './support/linear.ts'

const candidates = fc.uniqueArray(
  fc
    .record({
      leading: fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('d', 'e', 'f', 'g')),
      completed: fc.integer({ min: 0, max: 60 }),
      failed: fc.integer({ min: 0, max: 40 }),
      open: fc.integer({ min: 0, max: 25 }),
    })
    .map(({ leading, completed, failed, open }): Candidate => {
      const cell = (value: number) => ({ value, installs: value })
      const weight = completed + failed + open
      const cells = {
        started: cell(weight),
        completed: cell(completed),
        failed: cell(failed),
        open: cell(open),
      }
      return { leading, weight, cells }
    }),
  { selector: ({ leading }) => leading.join(' '), maxLength: 12 },
)

function measured(all: readonly Candidate[]): Measured {
  const together = [['started', 'completed', 'failed', 'open']]
  return { leading: ['os', 'arch'], candidates: all, counts: 'installs', isSum: true, together }
}

interface Unknown {
  readonly weight: number
  readonly path: readonly string[]
}

/**
 * An attacker who knows the exact total of everything, and of every group of which something was
 * published: stronger than anybody can be. Solves for the hidden rows.
 */
function worked(all: readonly Candidate[], published: readonly Protected[]): readonly number[] {
  const seen = new Set(published.map(({ leading }) => leading.join(' ')))
  const unknowns = all.flatMap(({ leading, weight }): Unknown[] =>
    seen.has(leading.join(' ')) ? [] : [{ weight, path: leading }],
  )
  // Of what nothing is published, there is no total either.
  if (published.length === 0) return []
  const groups = ['', ...new Set(published.map(({ leading }) => leading[0] ?? ''))]
  const equations = groups.map((group) =>
    unknowns.map(({ path: [first] }) => Number(group === '' || first === group)),
  )
  const found: number[] = []
  for (const row of reduced(equations)) {
    const members = unknowns.filter((_, at) => row[at] !== 0)
    // A sum that is known, of one row or of fewer than 20 installs.
    const sum = members.reduce((total, { weight }) => total + weight, 0)
    if (members.length === 1 || (members.length > 0 && sum < 20)) found.push(sum)
  }
  return found
}

describe('the public site', () => {
  it('lets nobody work out a hidden row, nor a sum of fewer than 20 installs', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        expect(worked(all, protect(measured(all)))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  it('shows no count that stands for fewer than 20, and rounds all to ten', () => {
    expect(() =>
      fc.assert(
        fc.property(candidates, (all) => {
          for (const { leading, counts } of protect(measured(all))) {
            const truth = all.find((one) => one.leading.join(' ') === leading.join(' '))
            for (const [name, count] of Object.entries(counts)) {
              const exact = truth?.cells[name]?.value ?? 0
              if (count !== null)
                expect(exact >= 20 && Math.abs(count - exact) <= 5 && count % 10 === 0).toBe(true)
            }
            // The starts are the sum of the rest, so they give one hidden part away.
            const parts = [counts['completed'], counts['failed'], counts['open']]
            if (parts.includes(null)) expect(counts['started']).toBe(null)
          }
        }),
        { numRuns: 1000 },
      ),
    ).not.toThrow()
  })

  it('hides, in every column, nothing or at least two cells that make 20', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const published = new Map(
          protect(measured(all)).map(({ leading, counts }) => [leading.join(' '), counts]),
        )
        for (const name of ['completed', 'failed', 'open']) {
          const hidden = all.filter(
            ({ leading }) => (published.get(leading.join(' '))?.[name] ?? null) === null,
          )
          const isAll = hidden.length === all.length
          const sum = hidden.reduce((total, { cells }) => total + (cells[name]?.installs ?? 0), 0)
          expect(hidden.length === 0 || isAll || (hidden.length >= 2 && sum >= 20)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('shows a small share as small and not as none, and rounds whole intervals outwards', () => {
    expect([0, 0.003, 0.02].map((share) => percent(share, 0))).toEqual(['0 %', '< 1 %', '2 %'])
    expect([0.00004, 0.0004].map((share) => percent(share))).toEqual(['< 0.01 %', '0.04 %'])
    expect(interval({ share: 0.02, low: 0.018, high: 0.022 }, 0)).toBe('1–3')
  })

  it('hides the names that users gave, and keeps those of RunMat', () => {
    const row = (name: string): Candidate => ({
      leading: [name],
      weight: 100,
      cells: { runs: { value: 100, installs: 100 } },
    })
    const own = ['RunMat:ParseError', 'Octave:undefined-function', 'unknown']
    const names = [...own, 'StMarysHospital:PatientSmith1974', 'a b', '<b>']
    const shown = protect({ ...measured(names.map(row)), together: [] }).map(
      ({ leading }) => leading[0],
    )
    expect(shown).toEqual(own)
  })

  it('is made whole: three periods as pages, JSON and CSV, the dictionary and its changes, without an id', async () => {
    const place = folder()
    const site = path.join(folder(), 'site')
    const many = (count: number, make: () => string) => Array.from({ length: count }, make)
    writeFileSync(
      path.join(place, '2026-11-20.w.ndjson'),
      lines(
        ...many(100, () => install('complete')),
        ...many(33, () => install('failed')),
        ...many(12, () => install('failed', { os: 'freebsd', platform: 'freebsd-x86_64' })),
        ...many(50, () => finished()),
        ...many(30, () => finished({ success: false, error: 'RunMat:ParseError' })),
        ...many(3, () => finished({ success: false, error: 'RunMat:Rare' })),
      ),
    )
    expect(await report(['--from', place, '--public', site])).toEqual({ code: 0, out: '', err: '' })
    const names = ['30', '90', '365'].flatMap((period) =>
      ['csv', 'html', 'json'].map((kind) => `${period}.${kind}`),
    )
    expect(readdirSync(site).toSorted()).toEqual(
      [...names, 'changes.json', 'dictionary.html', 'dictionary.json', 'index.html'].toSorted(),
    )
    for (const name of readdirSync(site)) {
      const text = readFileSync(path.join(site, name), 'utf8')
      expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/)
      expect(text).not.toMatch(/<script|freebsd-|RunMat:Rare/)
    }
    expect(readFileSync(path.join(site, '30.html'), 'utf8')).toContain(
      '<p>30 days to 2026-11-28. 2026-11-20, about 230 events, 0 repeated, 0 lines unreadable.</p>',
    )
    const { questions } = JSON.parse(readFileSync(path.join(site, '30.json'), 'utf8')) as {
      questions: Record<string, { rows: object[] }>
    }
    // FreeBSD stands alone below 20, so the only other system goes as well.
    expect(questions['installs']?.rows).toEqual([])
    expect(questions['failures']?.rows).toEqual([])
    expect(questions['active']?.rows).toMatchObject([{ finished: 80, gpu_used: null }])
  })

  it('names every field on every level, and the question of the report that it is for', () => {
    const entries = dictionary()
    expect(entries.map(({ field }) => field)).toContain('payload.runtime.failure.stage')
    expect(entries.map(({ field }) => field)).toContain('payload.provider.device.backend')
    expect(new Set(entries.flatMap(({ answers }) => answers))).toEqual(new Set(questionNames))
  })

  it.each([
    ['changes.json', '{', 'it is not a list in JSON'],
    ['changes.json', '{}', 'it is not a list in JSON'],
    ['dictionary.json', 'null', 'it is not a list in JSON'],
    ['dictionary.json', '[1]', 'something strange is in it'],
    ['changes.json', '[{"day":"2026-11-01","added":["a"],"removed":[]}]', 'something strange'],
  ])('names an earlier %s with %s in it, and publishes nothing', async (name, text, problem) => {
    const site = folder()
    const file = path.join(site, name)
    writeFileSync(file, text)
    const { code, err } = await report(['--from', folder(), '--public', site])
    expect(code).toBe(1)
    expect(err).toContain(`Can't read ${file}: ${problem}`)
    expect(err).toContain('\nRemove it to begin a new list of changes.\n')
    expect(readdirSync(site)).toEqual([name])
  })

  it('does not take earlier changes for none where they cannot be read', async () => {
    const site = folder()
    const file = path.join(site, 'changes.json')
    symlinkSync('changes.json', file)
    const { code, err } = await report(['--from', folder(), '--public', site])
    expect(code).toBe(1)
    expect(err).toContain(`Can't read ${file}: `)
    expect(readdirSync(site)).toEqual(['changes.json'])
  })

  it('says what changed in the dictionary since it was published last', async () => {
    const site = folder()
    const now = await report(['--from', folder(), '--public', site])
    expect(now.code).toBe(0)
    const page = readFileSync(path.join(site, 'index.html'), 'utf8')
    expect(page).toContain('<p>30 days to 2026-11-28. No events.</p>')
    const file = path.join(site, 'dictionary.json')
    const entries = JSON.parse(readFileSync(file, 'utf8')) as { event: string; field: string }[]
    const gone = { ...entries[0], field: 'gone' }
    writeFileSync(file, JSON.stringify([...entries.slice(1), gone]))
    await report(['--from', folder(), '--public', site])
    const changes = JSON.parse(readFileSync(path.join(site, 'changes.json'), 'utf8')) as object[]
    expect(changes).toEqual([
      {
        day: '2026-11-28',
        added: [`${entries[0]?.event}: ${entries[0]?.field}`],
        removed: [`${gone.event}: gone`],
        changed: [],
      },
    ])
  })

  it('says it once although the site was written only in part', async () => {
    const site = folder()
    const publish = () => report(['--from', folder(), '--public', site])
    await publish()
    const file = path.join(site, 'dictionary.json')
    const entries = JSON.parse(readFileSync(file, 'utf8')) as { event: string; field: string }[]
    writeFileSync(file, JSON.stringify(entries.slice(1)))
    const { renameSync } = fs
    const lists: string[] = []
    fs.renameSync = (from, to) => {
      if (/(?:changes|dictionary)\.json$/.test(String(to))) lists.push(String(to))
      if (lists.length === 2) throw new Error('EIO')
      renameSync(from, to)
    }
    syncBuiltinESMExports()
    const cut = await publish().finally(() => {
      fs.renameSync = renameSync
      syncBuiltinESMExports()
    })
    expect(cut.code).toBe(1)
    expect(await publish()).toMatchObject({ code: 0 })
    const changes: unknown = JSON.parse(readFileSync(path.join(site, 'changes.json'), 'utf8'))
    const added = [`${entries[0]?.event}: ${entries[0]?.field}`]
    expect(changes).toEqual([{ day: '2026-11-28', added, removed: [], changed: [] }])
  })
})
