import { checkMachine, type Check } from '../doctor/machine.ts'
import { checkSettings } from '../doctor/settings.ts'
import { checkState } from '../doctor/state.ts'
import { done, failed } from '../error.ts'
import { foldOut } from '../fold.ts'
import type { Invocation } from '../invocation.ts'
import { printable, toJson } from '../io.ts'

export interface DoctorOptions {
  readonly json?: boolean
  /** Also look up the endpoint's name, connect, and post an empty request. */
  readonly online?: boolean
}

/** Checks everything that can keep telemetry, or an opt-out, from working. Changes nothing. */
export async function doctor(invocation: Invocation, options: DoctorOptions): Promise<number> {
  const { io, ink } = invocation
  const checks: Check[] = [
    ...checkMachine(invocation),
    ...checkSettings(invocation),
    ...checkState(invocation),
  ]
  if (options.online)
    checks.push(...(await (await import('../doctor/online.ts')).checkOnline(invocation)))
  if (options.json) {
    io.out(toJson({ checks }))
  } else {
    const paint = { ok: ink.faint, warning: ink.warning, fault: ink.warning }
    for (const { status, message, hint } of checks) {
      const then = hint === null ? '' : ` ${hint}`
      const line = `${paint[status](`${status}:`)} ${printable(message)}${printable(then)}`
      io.out(`${foldOut([line], io, '  ').join('\n')}\n`)
    }
  }
  return checks.some(({ status }) => status === 'fault') ? failed : done
}
