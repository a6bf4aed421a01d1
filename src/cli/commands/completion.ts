import type { Command } from 'commander'

import { bash } from '../completion/bash.ts'
import { fish } from '../completion/fish.ts'
import { powershell } from '../completion/powershell.ts'
import { treeOf } from '../completion/tree.ts'
import { zsh } from '../completion/zsh.ts'
import { type Shell, shells } from '../completion/tree.ts'
import { CliError, wrongUsage } from '../error.ts'
import type { Invocation } from '../invocation.ts'
import { toJson } from '../io.ts'

const scripts = { bash, zsh, fish, powershell } as const satisfies Record<Shell, unknown>

/** Prints a script with which the shell completes these very commands, and how to install it. */
export function completion(
  { io, environment, product }: Pick<Invocation, 'io' | 'environment' | 'product'>,
  program: Command,
  given: Shell | undefined,
  { json }: { json?: boolean },
): void {
  const shell = given ?? shellIn(environment.env)
  const script = scripts[shell](treeOf(program))
  io.out(json ? toJson({ shell, script }) : script)
  if (!json && (given === undefined || io.outIsTerminal)) {
    io.err(`${installationOf(shell, product.command)}\n`)
  }
}

/** The shell that the person works in, as far as the environment tells. */
function shellIn(env: Readonly<Record<string, string | undefined>>): Shell {
  const name = /([a-z]+)(\.exe)?$/.exec(env['SHELL'] ?? '')?.[1]
  const shell = shells.find((one) => one === name)
  if (shell !== undefined) return shell
  if (env['SHELL'] === undefined && env['PSModulePath'] !== undefined) return 'powershell'
  const why =
    name === undefined ? 'SHELL does not name your shell.' : `There is no script for ${name}.`
  throw new CliError(why, {
    exitCode: wrongUsage,
    hint: `Name one: ${shells.join(', ')}.`,
  })
}

const installations: Readonly<Record<Shell, (command: string) => string>> = {
  bash: (command) => `source <(${command} completion bash)   # in ~/.bashrc`,
  zsh: (command) => `source <(${command} completion zsh)   # in ~/.zshrc, after compinit`,
  fish: (command) => `${command} completion fish | source   # in ~/.config/fish/config.fish`,
  powershell: (command) =>
    `${command} completion powershell | Out-String | Invoke-Expression   # in $PROFILE`,
}

function installationOf(shell: Shell, command: string): string {
  return `To complete commands in every ${shell} session, add this line:\n${installations[shell](command)}`
}
