import type { Command } from 'commander'

/** One level of the commands, as all shells need it. */
export interface Level {
  readonly name: string
  readonly summary: string
  readonly options: readonly Flag[]
  /** What can stand in the place of each operand, where that is known. */
  readonly operands: readonly (readonly string[])[]
}

export interface Flag {
  readonly short: string | undefined
  readonly long: string
  readonly summary: string
  readonly takesValue: boolean
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
        .flatMap(({ short, long, description, required }) =>
          long ? [{ short, long, summary: description, takesValue: required }] : [],
        ),
      operands: command.registeredArguments.map(({ argChoices }) => {
        if (command.name() === 'help') return names
        return argChoices ?? []
      }),
    }
  }
}

export function flagsOf({ options }: Level): readonly string[] {
  return options.flatMap(({ short, long }) => (short ? [short, long] : [long]))
}
