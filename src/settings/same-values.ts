/** Are these the same values, as a reader of JSON or TOML makes them? */
export function areSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return Object.is(one, other)
  // A date of TOML tells in its text also what of it was written.
  if (one instanceof Date && other instanceof Date) return one.toISOString() === other.toISOString()
  const names = Object.keys(one)
  return (
    Object.getPrototypeOf(one) === Object.getPrototypeOf(other) &&
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && areSame(one[name], other[name]))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
