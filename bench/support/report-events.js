// Events with the skew of real ones: few releases, a long tail of codes, clients that come back.

function randomOf(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Every four digits, since a line has dozens of them. */
const digits = Array.from({ length: 65_536 }, (_, at) => at.toString(16).padStart(4, '0'))

const platforms = [
  ['linux', 'x86_64', 0.45, 0.96],
  ['windows', 'AMD64', 0.25, 0.91],
  ['macos', 'arm64', 0.17, 0.93],
  ['linux', 'aarch64', 0.08, 0.965],
  ['darwin', 'x86_64', 0.04, 0.935],
  ['windows', 'ARM64', 0.009, 0.65],
  ['freebsd', 'x86_64', 0.001, 0.25],
]
const codes = [
  ['ParseError', 'parser', 'parser'],
  ['IndexOutOfBounds', 'runtime', 'interpreter'],
  ['UndefinedFunction', 'hir', 'name_resolution'],
  ['DimensionMismatch', 'runtime', 'builtins'],
  ['UnexpectedToken', 'parser', 'lexer'],
  ['GpuOutOfMemory', 'runtime', 'gpu'],
  ['CodegenUnsupported', 'compile', 'jit'],
  ['TypeMismatch', 'hir', 'typecheck'],
  ['FusionKernelCompile', 'runtime', 'fusion'],
]

/** An endless source of lines; a little over 400 bytes each. */
export function eventsOf(seed, { clients = 50_000, at = () => 1_790_000_000_000 } = {}) {
  const random = randomOf(seed)
  const hex = (length) => {
    let text = ''
    while (text.length < length) {
      const word = random() * 4_294_967_296
      text += digits[word >>> 16] + digits[word & 0xffff]
    }
    return text.slice(0, length)
  }
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
  const ids = Array.from({ length: clients }, uuid)
  const weighted = () => {
    let left = random()
    return platforms.find(([, , share]) => (left -= share) <= 0) ?? platforms[0]
  }
  const release = () => ['0.6.1', '0.6.0', '0.5.9', '0.5.8'][Math.floor(random() ** 3 * 4)]
  const queue = []
  const usages = new Map()

  const run = (cid) => {
    const session = uuid()
    const [os, arch] = weighted()
    const envelope = `"cid":"${cid}","session_id":"${session}","os":"${os === 'darwin' ? 'macos' : os}","arch":"${arch === 'arm64' || arch === 'ARM64' ? 'aarch64' : arch === 'AMD64' ? 'x86_64' : arch}","release":"${release()}","run_kind":"${random() < 0.8 ? 'script' : 'repl'}"`
    const jit = random() < 0.936
    const fast = random() < 0.7
    queue.push(
      `{"event_label":"runtime.run.started","uuid":"${uuid()}",${envelope},"payload":{"jit_enabled":${jit},"accelerate_enabled":${fast},"timestamp_ms":${at()}}}`,
    )
    if (random() < 0.01) return
    const ok = random() > 0.06
    const [name, stage, component] = codes[Math.floor(random() ** 2 * codes.length)]
    const code = random() < 0.01 ? `Rare${Math.floor(random() * 1000)}` : name
    const failure = `,"error":"RunMat:${code}","runtime.failure.stage":"${stage}","runtime.failure.code":"RunMat:${code}","runtime.failure.has_span":true,"runtime.failure.host":"cli","runtime.failure.component":"${component}"`
    const gpu = fast && random() < 0.22 ? Math.ceil(random() * 50) : 0
    queue.push(
      `{"event_label":"runtime.run.finished","uuid":"${uuid()}",${envelope},"payload":{"duration_us":${Math.floor(random() * 1e6)},"success":${ok},"jit_enabled":${jit},"jit_used":${jit && random() < 0.78},"accelerate_enabled":${fast},"timestamp_ms":${at()}${ok ? '' : failure},"counters":{"total_executions":3,"jit_compiled":1,"interpreter_fallback":2},"gpu_wall_ns":${gpu * 1000},"gpu_ratio":0,"gpu_dispatches":${gpu},"gpu_upload_bytes":0,"gpu_download_bytes":0,"fusion_cache_hits":${gpu},"fusion_cache_misses":0}}`,
    )
  }

  const install = (cid) => {
    const [os, arch, , success] = weighted()
    const target = `${os === 'darwin' ? 'macos' : os}-${/arm|aarch/i.test(arch) ? 'aarch64' : 'x86_64'}`
    const said = `"os":"${os}","arch":"${arch}","platform":"${target}","release":"${release()}","method":"${os === 'windows' ? 'powershell' : 'shell'}","cid":"${cid}"`
    queue.push(`{"event_label":"install_start","uuid":"${uuid()}",${said}}`)
    if (random() < 0.02) return
    const step = random() < success ? 'complete' : 'failed'
    queue.push(`{"event_label":"install_${step}","uuid":"${uuid()}",${said}}`)
  }

  const usage = (cid) => {
    const [os, arch] = weighted()
    const when = new Date(at()).toISOString().replace(/\.\d+/, '')
    const sequence = (usages.get(cid) ?? 0) + 1
    usages.set(cid, sequence)
    queue.push(
      `{"payload_schema_version":1,"stats_schema_version":1,"event_id":"${uuid()}","install_id":"${cid}","sequence":${sequence},"first_seen":"${when}","trigger":"first_successful_run","trigger_ts":"${when}","counters_as_of":"${when}","version":"${release()}","platform":{"os":"${os === 'darwin' ? 'macos' : os}","arch":"${arch === 'AMD64' ? 'x86_64' : 'arm64'}"},"subcommand_counts":{"run":${1 + Math.floor(random() * 40)},"run_success":1,"repl":${Math.floor(random() * 5)}},"engine_selections":{"jit":${Math.floor(random() * 30)},"interpreter":2},"feature_capabilities":{"jit":true,"gpu":${random() < 0.4}}}`,
    )
  }

  return () => {
    if (queue.length === 0) {
      const cid = ids[Math.floor(random() ** 2 * ids.length)]
      const kind = random()
      if (kind < 0.95) run(cid)
      else if (kind < 0.985) install(cid)
      else usage(cid)
    }
    return queue.shift()
  }
}
