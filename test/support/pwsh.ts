import { spawnSync } from 'node:child_process'

/**
 * PowerShell, as PWSH or the PATH names it. It is no package of Debian's, so it must only be there
 * where REQUIRE_PWSH=1 says so, which .ci/run does wherever it can install it.
 */
export function findPwsh(): string | undefined {
  const command = process.env['PWSH'] ?? 'pwsh'
  if (spawnSync('sh', ['-c', 'command -v "$0"', command]).status === 0) return command
  if (process.env['REQUIRE_PWSH'] === '1') throw new Error(`${command} is not installed`)
  console.warn(`${command} is not installed: PowerShell's tests are skipped`)
  return undefined
}

/** It reports to nobody, and starts in two thirds of the time without statistics for its compiler. */
export const pwshEnv = { POWERSHELL_TELEMETRY_OPTOUT: '1', DOTNET_TieredPGO: '0' } as const
