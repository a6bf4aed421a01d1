import type { Command } from 'commander'

import { eventOperand } from '../operand.ts'

/** One level of the commands, as all shells need it. */
export interface Level {
  readonly name: string
  readonly summary: string
  readonly options: readonly Flag[]
  readonly operands: readonly Operand[]
}

export interface Operand {
  /** What can stand in its place, where that is known. */
  readonly choices: readonly string[]
  /** May it also be the id of an event that waits? */
  readonly takesEvent: boolean
}

export interface Flag {
  readonly short: string | undefined
  readonly long: string
  readonly summary: string
  readonly takesValue: boolean
  /** Is that value the name of a file? */
  readonly takesFile: boolean
}

export interface Tree extends Level {
  readonly commands: readonly Level[]
}

/** The commands that `--help` shows, hence what there is to complete. */
export function treeOf(program: Command): Tree {
  const help = program.createHelp()
  const commands = help.visibleCommands(program)
  const names = commands.map((command) => command.name())
  return {
    ...levelOf(program),
    commands: commands.map(levelOf),
  }

  function levelOf(command: Command): Level {
    return {
      name: command.name(),
      summary: command.summary() || command.description(),
      options: help
        .visibleOptions(command)
        .flatMap(({ short, long, description, flags, required }) => {
          const takesFile = flags.endsWith('<file>')
          const summary = description
          return long ? [{ short, long, summary, takesValue: required, takesFile }] : []
        }),
      operands: command.registeredArguments.map((operand) => ({
        choices: command.name() === 'help' ? names : (operand.argChoices ?? []),
        takesEvent: operand.name() === eventOperand,
      })),
    }
  }
}

/** Where an event holds its id, for `sed -E` and whatever else searches by patterns. */
export const idPattern = '"(event_id|uuid)":"([0-9a-f-]{36})"'

export function flagsOf({ options }: Level): readonly string[] {
  return options.flatMap(({ short, long }) => (short ? [short, long] : [long]))
}

/** After one of these comes the name of a file. */
export function fileFlagsOf({ commands }: Tree): readonly string[] {
  return commands.flatMap(({ options }) =>
    options.flatMap(({ short, long, takesFile }) =>
      takesFile ? [long, ...(short ? [short] : [])] : [],
    ),
  )
}

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const

export type Shell = (typeof shells)[number]
