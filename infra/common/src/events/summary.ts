import { isObject, type JsonObject, type Kind } from 'runmat-telemetry/contract'

/** A few words for people, all of them the contract's own: `run=script`, `jit=on`, `gpu=off`. */
export function summaryOf(family: Kind, fields: JsonObject): readonly string[] {
  switch (family) {
    case 'runtime':
      return runOf(fields)
    case 'install': {
      const { event_label: label, os, arch, method } = fields
      const step = word(label).replace('install_', '')
      return [`install=${step}`, `os=${word(os)}`, `arch=${word(arch)}`, `method=${word(method)}`]
    }
    case 'usage':
      return [`usage=${word(fields['trigger'])}`, `version=${word(fields['version'])}`]
  }
}

function runOf({ run_kind: kind, payload }: JsonObject): readonly string[] {
  const run = isObject(payload) ? payload : {}
  const { jit_enabled: jit, accelerate_enabled: gpu, success } = run
  const failed = success === false ? [`failed=${word(run['runtime.failure.stage'])}`] : []
  return [`run=${word(kind)}`, `jit=${word(jit)}`, `gpu=${word(gpu)}`, ...failed]
}

function word(value: unknown): string {
  if (typeof value === 'string') return value
  return value === true ? 'on' : value === false ? 'off' : 'unknown'
}
