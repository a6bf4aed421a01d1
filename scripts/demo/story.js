// Prints the demo: plain text, in colour only on a terminal that wants it.
const { stdout } = process
const colourful = stdout.isTTY && stdout.hasColors()
const paint = (code, text) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text)

export function openStory() {
  let step = 0
  let broken = 0
  const say = (text) => stdout.write(`${text}\n`)
  return {
    say,
    step: (title) => {
      step += 1
      say(`\n${paint(1, `${step}. ${title}`)}`)
    },
    /** A program’s output, verbatim. */
    quote: (text) => {
      for (const line of text.trimEnd().split('\n')) say(paint(2, `   | ${line}`))
    },
    /** A promise, and whether it is kept. */
    promise: (text, isKept) => {
      if (!isKept) broken += 1
      say(`   ${isKept ? paint(32, 'kept:') : paint(31, 'BROKEN:')} ${text}`)
    },
    broken: () => broken,
  }
}
