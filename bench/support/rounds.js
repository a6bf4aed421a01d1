/**
 * Runs every contestant once a round, each round beginning with another, and gives each one's
 * figures round by round. A first round, which warms up caches, is not counted.
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
