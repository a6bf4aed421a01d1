/** What people type who want telemetry off and do not know the command. */
const offWords: ReadonlySet<string> = new Set([
  'off',
  'turn-off',
  'turnoff',
  'switch-off',
  'opt-out',
  'optout',
  'stop',
  'no',
  'none',
  'never',
  'no-telemetry',
  'disable-telemetry',
])

/** Does a line that is no command want telemetry off? Dashes or not, in one word or in two. */
export function wantsOff(line: readonly string[]): boolean {
  const words = line.map((word) => word.toLowerCase().replace(/^-+/, ''))
  const pairs = words.slice(1).map((word, at) => `${words[at]}-${word}`)
  return [...words, ...pairs].some((word) => offWords.has(word))
}

export function wayOff(command: string): string {
  return `To turn telemetry off: ${command} disable`
}
