import * as fc from 'fast-check'

/** Random choices that shrink: once the rolls run out, every choice is its first option. */
export interface Dice {
  roll(sides: number): number
  pick<const T extends readonly unknown[]>(options: T): T[number]
  chance(oneIn: number): boolean
  shuffle<T>(items: readonly T[]): T[]
}

const diceOf = (rolls: readonly number[]): Dice => {
  let used = 0
  const roll = (sides: number): number => {
    const value = (rolls[used] ?? 0) % sides
    used += 1
    return value
  }
  return {
    roll,
    pick: (options) => options[roll(options.length)],
    chance: (oneIn) => roll(oneIn) === oneIn - 1,
    shuffle: (items) =>
      items.reduce<(typeof items)[number][]>((mixed, item) => {
        mixed.splice(mixed.length - roll(mixed.length + 1), 0, item)
        return mixed
      }, []),
  }
}

export const dice: fc.Arbitrary<Dice> = fc
  .array(fc.nat(9999), { minLength: 100, maxLength: 500, size: 'max' })
  .map((rolls) => diceOf(rolls))
