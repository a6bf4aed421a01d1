import { flagsOf, idPattern, type Level, type Tree } from './tree.ts'

export function powershell(tree: Tree): string {
  const commands = tree.commands.map(({ name }) => name)
  return `# Completion of ${tree.name} in PowerShell.
Register-ArgumentCompleter -Native -CommandName '${tree.name}' -ScriptBlock {
  param($current, $line, $cursor)
  $before = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } |
      Select-Object -Skip 1 | ForEach-Object { "$_" } | Where-Object { $_ -notlike '-*' })
  $place = $before.Count - 1
  $words = switch ("$($before | Select-Object -First 1)") {
    '' { ${list([...commands, ...flagsOf(tree)])} }
${tree.commands.map((command) => branch(command, tree.name)).join('\n')}
  }
  $words | Where-Object { $_ -like "$current*" -and ($_ -notlike '-*' -or $current -like '-*') } |
    ForEach-Object {
      [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`
}

function branch(level: Level, program: string): string {
  const events =
    `& '${program}' print --queued 2>$null | ` +
    `ForEach-Object { if ($_ -match '${idPattern}') { $Matches[2] } }`
  const places = level.operands.flatMap(({ choices, takesEvent }, place) => [
    ...(choices.length > 0 ? [`if ($place -eq ${place}) { ${list(choices)} }`] : []),
    // There may be many of them: they are offered to who has begun to write one.
    ...(takesEvent
      ? [`if ($place -eq ${place} -and "$current" -match '^[0-9a-f]') { ${events} }`]
      : []),
  ])
  const flags = flagsOf(level)
  const parts = [...(flags.length === 0 ? [] : [list(flags)]), ...places]
  return `    '${level.name}' { ${parts.join('; ')} }`
}

function list(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ')
}
