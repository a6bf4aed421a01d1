import type { Product } from '../../src/product/product.ts'

/**
 * What events may carry, written down a second time and by hand. A question mark after a name says
 * that the field may be missing.
 */
export interface Rules {
  readonly [name: string]: Rule
}

type Rule = Rules | ((value: unknown) => boolean)

const isFlag = (value: unknown) => value === true || value === false
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isRatio = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1
const isTime = (value: unknown) => isCount(value) && (value as number) < Date.UTC(10_000, 0)
const isWord = (words: readonly string[]) => (value: unknown) =>
  words.some((word) => word === value)
const isText = (form: RegExp, longest: number) => (value: unknown) =>
  typeof value === 'string' && value.length <= longest && form.exec(value)?.[0] === value
const isMoment = isText(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z/, 20)
const isUuid = isText(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/, 36)
const isClientId = (value: unknown) =>
  isUuid(value) || value === '00000000-0000-0000-0000-000000000000'
const isVersion = isText(/v?[0-9]{1,6}\.[0-9]{1,6}(\.[0-9]{1,6})?([-+][0-9A-Za-z.+-]{1,32})?/, 48)
const isDeviceText = (value: unknown) =>
  typeof value === 'string' &&
  isText(
    /[A-Za-z0-9][A-Za-z0-9 ().,+_-]*/,
    64,
  )(value.replace(/\/(PCI|PCIe|AGP)(\/(SSE|SSE2|3DNOW|3DNOW!))?$/, ''))

const systems = ['linux', 'macos', 'windows', 'other']
const processors = [
  'x86_64',
  'arm64',
  'x86',
  'arm',
  'riscv64',
  'ppc64',
  's390x',
  'loong64',
  'other',
]

/** The rules of each kind of event, by the end of its contract's title. */
export function rulesOf(product: Product): Readonly<Record<string, Rules>> {
  return {
    'usage event': usageRules(product),
    'run started': { ...runRules(product, 'runtime.run.started'), payload: startedPayload },
    'run finished': {
      ...runRules(product, 'runtime.run.finished'),
      payload: finishedPayload(product),
    },
    'install event': installRules,
  }
}

function usageRules({ usage, milestones }: Product): Rules {
  const { firstRun, firstRunOfVersion, successes, named } = milestones
  const triggers = [firstRun, firstRunOfVersion, ...successes.triggers, ...Object.keys(named)]
  const counters = usage.subcommands.flatMap((name) => [
    name,
    ...(usage.outcomes[name] ?? []).map((outcome) => `${name}_${outcome}`),
  ])
  return {
    payload_schema_version: (value) => value === 1,
    stats_schema_version: (value) => value === 1,
    event_id: isUuid,
    install_id: isClientId,
    sequence: isCount,
    first_seen: isMoment,
    trigger: isWord([...triggers, 'preview']),
    trigger_ts: isMoment,
    counters_as_of: isMoment,
    version: isVersion,
    platform: { os: isWord(systems), arch: isWord(processors) },
    subcommand_counts: all(counters, isCount),
    [usage.selectionsField]: all(usage.selections, isCount),
    feature_capabilities: all(Object.keys(usage.capabilities), isFlag),
  }
}

function all(names: readonly string[], rule: Rule): Rules {
  return Object.fromEntries(names.map((name) => [`${name}?`, rule]))
}

function runRules({ runtime }: Product, label: string): Rules {
  return {
    event_label: (value) => value === label,
    uuid: isUuid,
    'cid?': isClientId,
    'session_id?': isUuid,
    os: isWord([...systems, 'freebsd', 'openbsd', 'netbsd', 'android', 'ios', 'web']),
    arch: isWord([...processors, 'aarch64', 'powerpc64', 'loongarch64', 'wasm32']),
    'release?': isVersion,
    run_kind: isWord(runtime?.runKinds ?? []),
  }
}

const startedPayload: Rules = {
  'jit_enabled?': isFlag,
  'accelerate_enabled?': isFlag,
  'timestamp_ms?': isTime,
}

function finishedPayload({ runtime }: Product): Rules {
  const own = (runtime?.namespaces ?? []).join('|')
  const isError = isText(new RegExp(`user|(${own})([:.][A-Za-z0-9_-]+){1,7}`), 96)
  return {
    'duration_us?': isCount,
    'success?': isFlag,
    'jit_enabled?': isFlag,
    'jit_used?': isFlag,
    'accelerate_enabled?': isFlag,
    'timestamp_ms?': isTime,
    'error?': isError,
    'runtime.failure.stage?': isWord(runtime?.failures.stages ?? []),
    'runtime.failure.code?': isError,
    'runtime.failure.has_span?': isFlag,
    'runtime.failure.host?': isWord(runtime?.failures.hosts ?? []),
    'runtime.failure.component?': isText(/[a-z][a-z0-9_]*/, 48),
    'counters?': {
      'total_executions?': isCount,
      'jit_compiled?': isCount,
      'interpreter_fallback?': isCount,
    },
    'provider?': {
      device: {
        'name?': isDeviceText,
        'vendor?': isDeviceText,
        'backend?': isWord(runtime?.backends ?? []),
      },
    },
    'gpu_wall_ns?': isCount,
    'gpu_ratio?': isRatio,
    'gpu_dispatches?': isCount,
    'gpu_upload_bytes?': isCount,
    'gpu_download_bytes?': isCount,
    'fusion_cache_hits?': isCount,
    'fusion_cache_misses?': isCount,
    'fusion_hit_ratio?': isRatio,
  }
}

const installRules: Rules = {
  event_label: isWord(['install_start', 'install_complete', 'install_failed']),
  'uuid?': isUuid,
  os: isWord([...systems, 'darwin', 'freebsd']),
  arch: isWord([...processors, 'aarch64', 'amd64', 'AMD64', 'ARM64', 'armv7l', 'i686']),
  'platform?': isText(/[a-z][a-z0-9]{1,11}-[a-z0-9_]{2,12}(-[a-z0-9]{2,8})?/, 99),
  release: (value) => isVersion(value) || value === 'unknown',
  method: isWord(['shell', 'powershell']),
  'cid?': isClientId,
}

/** What is left of a value, or `nothing`. */
export function kept(rule: Rule, value: unknown): unknown {
  if (typeof rule === 'function') return rule(value) ? value : nothing
  if (!isPlain(value)) return nothing
  const members = Object.entries(rule).map(([key, inner]) => {
    const name = key.replace('?', '')
    return { key, name, left: Object.hasOwn(value, name) ? kept(inner, value[name]) : nothing }
  })
  if (members.some(({ key, left }) => left === nothing && !key.endsWith('?'))) return nothing
  const rest = members.filter(({ left }) => left !== nothing)
  return Object.fromEntries(rest.map(({ name, left }) => [name, left]))
}

export const nothing = Symbol('nothing')

/** Is every member of the value, and of what is inside it, in what is left of it? */
export function isWhole(left: unknown, value: unknown): boolean {
  if (!isPlain(left) || !isPlain(value)) return Object.is(left, value)
  const names = Object.keys(value)
  return (
    names.length === Object.keys(left).length &&
    names.every((name) => Object.hasOwn(left, name) && isWhole(left[name], value[name]))
  )
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}
