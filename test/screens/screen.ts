const names: Readonly<Record<string, string>> = {
  0: '/',
  1: 'bold',
  2: 'dim',
  9: 'struck',
  22: '/',
  29: '/',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  36: 'cyan',
  39: '/',
  90: 'grey',
}

// oxlint-disable-next-line no-control-regex -- what moves the cursor, erases or sets colours
const sequence = /\u001b\[([0-9;?]*)([A-Za-z])/y

/**
 * The screen of a terminal, from its very first line: overwritten and erased text is gone, colours have
 * names. Lines have no end, as in a terminal that is wide enough: breaking them is the program's task.
 */
export function screenOf(raw: string): string {
  const rows: string[][] = [[]]
  let [y, x] = [0, 0]
  let colours = ''

  const row = () => (rows[y] ??= [])
  const put = (character: string) => {
    while (row().length < x) row().push(' ')
    row()[x] = colours + character
    colours = ''
    x += 1
  }
  /** Colours that end a line belong to what stands before them. */
  const settle = () => {
    if (x > 0 && row()[x - 1] !== undefined) row()[x - 1] += colours
    colours = ''
  }
  const moves: Readonly<Record<string, (count: number) => void>> = {
    A: (count) => (y = Math.max(0, y - count)),
    B: (count) => (y += count),
    C: (count) => (x += count),
    D: (count) => (x = Math.max(0, x - count)),
    G: (count) => (x = count - 1),
  }
  const erase: Readonly<Record<string, () => void>> = {
    J: () => {
      row().length = x
      rows.length = y + 1
    },
    K: () => (row().length = 0),
  }

  for (let at = 0; at < raw.length;) {
    sequence.lastIndex = at
    const [all = '', parameter = '', letter = ''] = sequence.exec(raw) ?? []
    if (all !== '') {
      at += all.length
      if (letter === 'm') colours += `‹${names[parameter || '0'] ?? parameter}›`
      else settle()
      moves[letter]?.(Number(parameter || '1'))
      erase[letter]?.()
      continue
    }
    const character = raw.charAt(at)
    at += 1
    if (character === '\r') {
      settle()
      x = 0
    } else if (character === '\n') {
      settle()
      y += 1
      row()
    } else if (character >= ' ') put(character)
  }
  settle()
  return Array.from(rows, (cells) => cells ?? [])
    .map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
    .join('\n')
}
