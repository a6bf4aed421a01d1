/**
 * A UUID made of a digest in hexadecimal. It looks like version 4, the only one that the contract
 * allows. Client, collector and report make the same one of the same text.
 */
export function uuidOfDigest(digest: string): string {
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 3) | 8).toString(16)
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `4${digest.slice(13, 16)}`,
    variant + digest.slice(17, 20),
    digest.slice(20, 32),
  ].join('-')
}
