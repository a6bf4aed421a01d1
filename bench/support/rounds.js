/**
 * Runs every contestant once per round, starting each round with another one, and returns the figures
 * of each by round. The first round, which warms up caches, is not counted.
 */
export async function inTurns(rounds, contestants) {
  const names = Object.keys(contestants)
  const figures = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const figure = await contestants[name]()
      if (round > 0) figures[name].push(figure)
    }
  }
  return figures
}
