import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

import { contractsOf, dictionaryOf, runmat } from 'runmat-telemetry/contract'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { ordinarilyDropped } from '../../../infra/worker/src/dropped-fields.ts'
import { root } from '../../support/run.ts'
import { requireTool } from '../../support/tools.ts'
import { metrics } from './names.ts'

const folder = path.join(root, 'infra/monitoring')
const alerts = path.join(folder, 'alerts.yaml')

interface Rule {
  readonly alert: string
  readonly expr: string
}

const { groups } = parse(readFileSync(alerts, 'utf8')) as {
  groups: readonly { readonly rules: readonly Rule[] }[]
}
const rules = groups.flatMap((group) => group.rules)

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const { panels } = JSON.parse(readFileSync(path.join(folder, 'dashboard.json'), 'utf8')) as {
  panels: readonly Panel[]
}
const targets = panels.flatMap(({ title, targets: shown = [] }) =>
  shown.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

/** What an expression asks for: metrics, and the labels that it names. */
function askedIn(expr: string): {
  readonly names: readonly string[]
  readonly labels: readonly string[]
} {
  const withoutTexts = expr.replaceAll(/"[^"]*"/g, '""')
  const grouped = [...withoutTexts.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  )
  const matched = [...withoutTexts.matchAll(/(\w+)(?:=~|!~|!=|=)""/g)].map(
    ([, label = '']) => label,
  )
  return {
    names: [...new Set([...withoutTexts.matchAll(/\btelemetry_\w+/g)].map(([name]) => name))],
    labels: [...new Set([...grouped, ...matched])],
  }
}

/** `instance` is the scraper's, and `le` a histogram's. */
function strayLabels(expr: string, more: readonly string[] = []): readonly string[] {
  const { names, labels } = askedIn(expr)
  const known = new Set([
    'instance',
    'le',
    ...names.flatMap((name) => [...(metrics.get(name) ?? [])]),
  ])
  return [...labels, ...more].filter((label) => !known.has(label))
}

describe('the alerts', () => {
  it.each(rules)('$alert asks for metrics and labels that there are', ({ expr }) => {
    expect(askedIn(expr).names).not.toEqual([])
    expect(askedIn(expr).names.filter((name) => !metrics.has(name))).toEqual([])
    expect(strayLabels(expr)).toEqual([])
  })

  it('pass over the fields that are dropped on ordinary days, and over no others', () => {
    const { expr = '' } = rules.find(({ alert }) => alert === 'FieldsDropped') ?? {}
    const passed = new RegExp(`^(?:${/field!~"([^"]+)"/.exec(expr)?.[1]})$`)
    expect(ordinarilyDropped.filter((field) => !passed.test(field))).toEqual([])
    const alsoOrdinary = new Set(ordinarilyDropped)
    const others = dictionaryOf(runmat, contractsOf(runmat))
      .events.flatMap(({ fields }) => fields.map(({ field }) => field))
      .filter((field) => !alsoOrdinary.has(field))
    expect(['other', ...others].filter((field) => passed.test(field))).toEqual([])
  })
})

describe('the dashboard', () => {
  it.each(targets)('$title asks for metrics and labels that there are: $expr', (target) => {
    const { expr, legendFormat } = target
    expect(askedIn(expr).names).not.toEqual([])
    expect(askedIn(expr).names.filter((name) => !metrics.has(name))).toEqual([])
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    expect(strayLabels(expr, shown)).toEqual([])
  })

  it('shows every metric that an alert is about', () => {
    const shown = new Set(targets.flatMap(({ expr }) => askedIn(expr).names))
    const missing = rules
      .flatMap(({ expr }) => askedIn(expr).names)
      .filter((name) => !shown.has(name))
    expect(missing).toEqual([])
  })

  it('has panels that do not overlap', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })
})

interface Trial {
  readonly alert: string
  readonly at: string
  readonly series: Readonly<Record<string, string>>
  readonly fires: boolean
}

const accepted = 'telemetry_events_accepted_total'
const refused = 'telemetry_events_rejected_total{reason="key",instance="a"}'
const runtime = (instance: string) => `${accepted}{family="runtime",instance="${instance}"}`
const dropped = (field: string) => `telemetry_fields_dropped_total{field="${field}",instance="a"}`

const kernelDrops = 'telemetry_forwarder_datagrams_dropped_by_kernel_total{instance="f"}'
const gaveWay = 'telemetry_forwarder_events_given_way_total{instance="f"}'

/** One sample a minute. `0+5x60` grows by 5 sixty times. */
const trials: readonly Trial[] = [
  {
    alert: 'KeysRefused',
    at: '60m',
    series: { [runtime('a')]: '0+50x60', [refused]: '0+10x60' },
    fires: true,
  },
  {
    alert: 'KeysRefused',
    at: '60m',
    series: { [runtime('a')]: '0+1000x60', [refused]: '0+10x60' },
    fires: false,
  },
  {
    alert: 'KeysRefused',
    at: '60m',
    series: { [runtime('a')]: '0+0x60', [refused]: '0+1x60' },
    fires: false,
  },
  {
    alert: 'FamilySilent',
    at: '24h',
    series: { [runtime('a')]: '0+1x600 600+0x900', [runtime('b')]: '0+1x600 600+0x900' },
    fires: true,
  },
  {
    alert: 'FamilySilent',
    at: '24h',
    series: { [runtime('a')]: '0+1x600 600+0x900', [runtime('b')]: '0+1x1500' },
    fires: false,
  },
  {
    alert: 'FieldsDropped',
    at: '120m',
    series: { [runtime('a')]: '0+100x120', [dropped('other')]: '0+5x120' },
    fires: true,
  },
  {
    alert: 'FieldsDropped',
    at: '120m',
    series: {
      [runtime('a')]: '0+100x120',
      [dropped('payload.provider.device.device_id')]: '0+50x120',
      [dropped('$ip')]: '0+50x120',
    },
    fires: false,
  },
  {
    alert: 'SinkAway',
    at: '30m',
    series: { 'telemetry_sink_up{sink="file",instance="a"}': '1x10 0x20' },
    fires: true,
  },
  {
    alert: 'SinkAway',
    at: '30m',
    series: { 'telemetry_sink_up{sink="file",instance="a"}': '0x20 1x10' },
    fires: false,
  },
  {
    alert: 'DatagramsLost',
    at: '60m',
    series: { [kernelDrops]: '0+1x60', [gaveWay]: '0x60' },
    fires: true,
  },
  { alert: 'DatagramsLost', at: '60m', series: { [gaveWay]: '0+1x60' }, fires: true },
  {
    alert: 'DatagramsLost',
    at: '60m',
    series: { [kernelDrops]: '5x60', [gaveWay]: '7x60' },
    fires: false,
  },
]

describe.skipIf(!requireTool('promtool'))('an alert in Prometheus', () => {
  it.each(trials)('$alert fires: $fires, after $series', ({ alert, at, series, fires }) => {
    const place = mkdtempSync(path.join(os.tmpdir(), 'alerts-'))
    try {
      const file = path.join(place, 'trial.json')
      const found = Object.entries(series).map(([name, values]) => ({ series: name, values }))
      const test = { input_series: found, interval: '1m' }
      // What a rule says when it fires is not what is tried here, so only the count is looked at.
      const probe = {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: at,
        exp_samples: fires ? [{ labels: '{}', value: 1 }] : [],
      }
      const content = {
        rule_files: [alerts],
        evaluation_interval: '1m',
        tests: [{ ...test, promql_expr_test: [probe] }],
      }
      writeFileSync(file, JSON.stringify(content))
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], {
        encoding: 'utf8',
      })
      expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')])
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  })
})
