import type { Command } from 'commander'

import { bash } from '../completion/bash.ts'
import { fish } from '../completion/fish.ts'
import { powershell } from '../completion/powershell.ts'
import { treeOf } from '../completion/tree.ts'
import { zsh } from '../completion/zsh.ts'
import type { Shell } from '../completion/tree.ts'

const scripts = { bash, zsh, fish, powershell } as const satisfies Record<Shell, unknown>

/** A script with which the shell completes these very commands. */
export function completion(program: Command, shell: Shell): string {
  return scripts[shell](treeOf(program))
}
