import { isObject, type JsonObject, type Kind } from 'runmat-telemetry/contract'

/** One line for people, made only of the contract's words: `run=script • jit=on • gpu=off`. */
export function summaryOf(family: Kind, fields: JsonObject): string {
  switch (family) {
    case 'runtime':
      return runOf(fields)
    case 'install': {
      const { event_label: label, os, arch, method } = fields
      const step = word(label).replace('install_', '')
      return `install=${step} • os=${word(os)} • arch=${word(arch)} • method=${word(method)}`
    }
    case 'usage':
      return `usage=${word(fields['trigger'])} • version=${word(fields['version'])}`
  }
}

function runOf({ run_kind: kind, payload }: JsonObject): string {
  const run = isObject(payload) ? payload : {}
  const { jit_enabled: jit, accelerate_enabled: gpu, success } = run
  const summary = `run=${word(kind)} • jit=${word(jit)} • gpu=${word(gpu)}`
  return success === false ? `${summary} • failed=${word(run['runtime.failure.stage'])}` : summary
}

function word(value: unknown): string {
  if (typeof value === 'string') return value
  return value === true ? 'on' : value === false ? 'off' : 'unknown'
}
