// Prints the demo: plain text, in colour only on a terminal that wants it.
const { stdout } = process
const colourful = stdout.isTTY && stdout.hasColors()
/** Piped text keeps its lines, unless COLUMNS says otherwise. */
const width = (stdout.isTTY ? stdout.columns : Number(process.env['COLUMNS'])) || Infinity
/** No program writes less than 60 columns. */
const margin = width < 65 ? '' : '   | '
const paint = (code, text) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text)

export function openStory() {
  let step = 0
  let broken = 0
  const write = (text) => stdout.write(`${text}\n`)
  const say = (text) => write(fold(text))
  return {
    say,
    /** What is quoted should be no wider. */
    quoteWidth: Math.min(width, 80) - margin.length,
    step: (title) => {
      step += 1
      write(`\n${paint(1, fold(`${step}. ${title}`))}`)
    },
    /** A program’s output, verbatim. */
    quote: (text) => {
      const folded = text
        .trimEnd()
        .split('\n')
        .map((line) => fold(line, width - margin.length))
      for (const line of folded.join('\n').split('\n')) write(paint(2, margin + line))
    },
    /** A promise, and whether it is kept. */
    promise: (text, isKept) => {
      if (!isKept) broken += 1
      const [verdict, colour] = isKept ? ['✓', 32] : ['BROKEN:', 31]
      write(fold(`   ${verdict} ${text}`).replace(verdict, paint(colour, verdict)))
    },
    broken: () => broken,
  }
}

/** Breaks lines between words, and keeps their indent. */
function fold(text, most = width) {
  const indent = /^ */.exec(text)[0]
  const lines = ['']
  for (const word of text.trim().split(' ')) {
    const line = lines.at(-1)
    const longer = line === '' ? indent + word : `${line} ${word}`
    if (line !== '' && longer.length > most) lines.push(indent + word)
    else lines[lines.length - 1] = longer
  }
  return lines.join('\n')
}
