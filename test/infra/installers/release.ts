import { createHash } from 'node:crypto'

import type { Behaviour } from '../../support/collector.ts'

export const version = 'v1.2.3'

/** All that belongs to the newest release of a platform on the server. */
export function releaseOf(content: Uint8Array, platform: string): Record<string, Behaviour> {
  return release(content, `/r/download/${version}/runmat-${version}-${platform}`)
}

/** The same, where the archive has this address. */
export function release(content: Uint8Array, at: string): Record<string, Behaviour> {
  const tag = /download\/([^/]+)/.exec(at)?.[1] ?? ''
  return {
    '/r/latest': { status: 302, headers: { location: `/r/tag/${tag}` } },
    [`/r/tag/${tag}`]: { status: 200, body: 'about it' },
    [at]: { status: 200, body: content },
    [`${at}.sha256`]: { status: 200, body: checksum(content) },
  }
}

export function checksum(content: Uint8Array): string {
  return `${createHash('sha256').update(content).digest('hex')}  runmat.tar.gz\n`
}
