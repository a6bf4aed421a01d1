/** The sender's address, as seen by the last proxy that isn't ours. */
export function addressOf(
  peer: string | undefined,
  forwarded: string | undefined,
  trustProxy: number,
): string {
  if (trustProxy === 0 || forwarded === undefined) return peer ?? ''
  const hops = forwarded.split(',')
  return hops[Math.max(0, hops.length - trustProxy)]?.trim() ?? ''
}
