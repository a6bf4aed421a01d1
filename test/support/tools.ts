import { spawnSync } from 'node:child_process'

/** Is this program here? Where it must be (REQUIRE_TOOLS=1), its absence is a failure. */
export function requireTool(name: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  if (!found && process.env['REQUIRE_TOOLS'] === '1') throw new Error(`${name} is not installed`)
  if (!found) console.warn(`${name} is not installed: what needs it is skipped`)
  return found
}
