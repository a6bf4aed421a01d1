import type { Profile } from './facts.ts'

/** Written out, because to look fields up by name takes several times longer. */
export function isSame(a: Profile, b: Profile): boolean {
  return (
    a.kind === b.kind &&
    a.step === b.step &&
    a.os === b.os &&
    a.arch === b.arch &&
    a.platform === b.platform &&
    a.release === b.release &&
    a.method === b.method &&
    a.run_kind === b.run_kind &&
    a.backend === b.backend &&
    a.area === b.area &&
    a.stage === b.stage &&
    a.code === b.code &&
    a.component === b.component &&
    a.host === b.host &&
    a.counts === b.counts &&
    a.failed === b.failed &&
    a.jit_enabled === b.jit_enabled &&
    a.jit_used === b.jit_used &&
    a.accelerate_enabled === b.accelerate_enabled &&
    a.gpu_used === b.gpu_used
  )
}
