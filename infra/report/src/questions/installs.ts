import { type Ask, grouping, list, numberIn, type Question, sum, text } from './question.ts'
import { rateOf } from './wilson.ts'

export const installs: Question = {
  name: 'installs',
  title: 'Are installs succeeding?',
  note: 'Shares are of the installs that ended. Open ones neither completed nor failed.',
  leading: ['os', 'arch'],
  columns: ['started', 'completed', 'failed', 'open', 'succeeded', 'low', 'high'],
  sql,
  shape: (rows) =>
    rows.map((row) => {
      const completed = numberIn(row, 'completed')
      const rate = rateOf(completed, completed + numberIn(row, 'failed'))
      return { ...row, succeeded: rate.share, low: rate.low, high: rate.high }
    }),
}

/**
 * An install is an id, a release and a platform. PowerShell's start does not know the release yet:
 * it belongs to the one install of the same id and platform, where there is exactly one.
 */
function sql(ask: Ask): string {
  const by = ask.by ?? ['os', 'arch']
  const own = [...new Set(by)].filter((name) => name !== 'release' && name !== 'platform')
  const carried = own.map((name) => `min(${name}) AS ${name}`)
  const again = own.map((name) => `min(s.${name}) AS ${name}`)
  return `
WITH steps AS (
  SELECT ${list(
    [
      'coalesce(client, id) AS who',
      'platform',
      'release',
      "max(CASE WHEN step = 'start' THEN 1 ELSE 0 END) AS has_start",
      "max(CASE WHEN step = 'complete' THEN 1 ELSE 0 END) AS has_completed",
      "max(CASE WHEN step = 'failed' THEN 1 ELSE 0 END) AS has_failed",
    ],
    carried,
  )}
  FROM facts WHERE kind = 'install'
  GROUP BY coalesce(client, id), platform, release
),
known AS (
  SELECT who, platform, min(release) AS known_release
  FROM steps WHERE release <> 'unknown'
  GROUP BY who, platform HAVING count(*) = 1
),
named AS (
  SELECT s.*, CASE
      WHEN s.release = 'unknown' AND coalesce(k.known_release, '') <> '' THEN k.known_release
      ELSE s.release
    END AS final_release
  FROM steps AS s LEFT JOIN known AS k ON s.who = k.who AND s.platform = k.platform
),
installs AS (
  SELECT ${list(
    [
      's.who AS who',
      's.platform AS platform',
      's.final_release AS release',
      'max(s.has_start) AS was_started',
      'max(s.has_completed) AS was_completed',
      'max(s.has_failed) AS was_failed',
    ],
    again,
  )}
  FROM named AS s GROUP BY s.who, s.platform, s.final_release
)
SELECT ${list(by, [
    sum('was_started = 1', 'started'),
    sum('was_completed = 1', 'completed'),
    sum('was_completed = 0 AND was_failed = 1', 'failed'),
    sum('was_completed = 0 AND was_failed = 0', 'open'),
  ])}
FROM installs
WHERE ${ask.release === undefined ? '1 = 1' : `release = ${text(ask.release)}`}
${grouping(by)}
ORDER BY ${list(by.includes('day') ? [] : ['completed + failed + open DESC'], by.length === 0 ? ['1'] : by)}`
}
