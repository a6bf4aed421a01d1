/** Finds what `terraform fmt` would change: indents of two spaces and aligned `=`. */
export function faultsOf(text: string): string[] {
  const faults: string[] = []
  let depth = 0
  let heredoc: string | undefined
  let group: number[] = []
  const lines = text.split('\n')
  if (lines.pop() !== '') faults.push('no line end at the end')
  for (const [index, line] of lines.entries()) {
    const fault = (problem: string) => faults.push(`line ${index + 1}: ${problem}`)
    if (heredoc !== undefined) {
      if (line.trim() === heredoc) heredoc = undefined
      continue
    }
    if (/\s$/.test(line)) fault('white space at its end')
    const bare = line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/#.*/, '')
    const opened = bare.match(/[[{(]/g)?.length ?? 0
    const closed = bare.match(/[\])}]/g)?.length ?? 0
    const leading = /^\s*([\])}]*)/.exec(bare)?.[1]?.length ?? 0
    const indent = line.length - line.trimStart().length
    // Brackets that open together on one line, as in `f({`, indent once.
    if (line !== '' && indent !== 2 * (depth - (leading > 0 ? 1 : 0))) fault('indent')
    depth += Math.sign(opened - closed)
    heredoc = /<<-(\w+)$/.exec(bare)?.[1]
    // A multi-line value is aligned alone; empty lines and comments separate groups.
    const column = /^\s*[\w-]+\s*=\s/.test(bare) ? bare.indexOf('=') : -1
    const isGrouped = column !== -1 && opened === closed && heredoc === undefined
    if (!isGrouped) group = []
    else if (group.push(column) > 1 && group[0] !== column) fault('= is not in the column above')
  }
  return faults
}
