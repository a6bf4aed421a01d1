export const dayMs = 24 * 60 * 60 * 1000

/** To the second, in UTC. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
