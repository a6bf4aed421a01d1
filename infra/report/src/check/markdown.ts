import { percent, plural, whole } from '../show/figures.ts'
import { printable } from '../show/text.ts'
import type { Checked } from './check.ts'
import type { Comparison } from './compare.ts'

/** For a comment on a release, a chat or an issue. */
export function markdownOf({ release, before, comparisons, silences }: Checked): string {
  const worse = comparisons.filter(({ isWorse }) => isWorse)
  const problems = worse.length + silences.length
  const heading =
    release === undefined || before === undefined
      ? '# No two releases to compare yet'
      : `# Release ${safe(release)} compared with ${safe(before)}`
  return [
    heading,
    '',
    problems === 0 ? 'Nothing is worse.' : `${plural(problems, 'problem')} found.`,
    ...(worse.length === 0 ? [] : ['', '## Worse', '', ...tableOf(worse)]),
    ...(silences.length === 0
      ? []
      : [
          '',
          '## Silent',
          '',
          ...silences.map(
            ({ what, since, days, usual }) =>
              `- ${safe(what)}: nothing since ${since} (${plural(days, 'day')}); usually ${whole(usual)} events a day`,
          ),
        ]),
    ...(comparisons.length === worse.length
      ? []
      : ['', '## Compared', '', ...tableOf(comparisons.filter(({ isWorse }) => !isWorse))]),
    '',
  ].join('\n')
}

function tableOf(comparisons: readonly Comparison[]): readonly string[] {
  return [
    '| platform | what | before | now |',
    '| --- | --- | ---: | ---: |',
    ...comparisons.map(
      ({ platform, what, before, now }) =>
        `| ${safe(platform)} | ${what} | ${shareOf(before)} | ${shareOf(now)} |`,
    ),
  ]
}

function shareOf({ hits, n }: { readonly hits: number; readonly n: number }): string {
  return `${percent(hits / n)} of ${whole(n)}`
}

function safe(name: string): string {
  return printable(name).replaceAll(/[\\`*_{}[\]<>()#|!&~]/g, String.raw`\$&`)
}
