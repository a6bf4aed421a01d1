import type { LookupFunction } from 'node:net'

/** Looks up names in a way that can be cancelled, unlike the system's own. */
interface LookUp {
  readonly lookup: LookupFunction
  readonly cancel: () => void
}

/**
 * The system's own lookup keeps the process alive until it answers, however long that takes. A host
 * must be able to end earlier, so names are looked up here. If the answer is late, the event goes
 * through the queue.
 */
export async function openLookUp(timeoutMs: number): Promise<LookUp> {
  const { Resolver } = await import('node:dns')
  const { isIP } = await import('node:net')
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
  return {
    cancel: () => resolver.cancel(),
    lookup: (host, { all }, done) => {
      const answer = (address: string) => {
        const family = isIP(address)
        if (all) done(null, [{ address, family }])
        else done(null, address, family)
      }
      if (host === 'localhost') return answer('127.0.0.1')
      if (isIP(host) !== 0) return answer(host)
      resolver.resolve4(host, (error, four) => {
        // On an error Node passes no list at all.
        if (error === null && four[0] !== undefined) return answer(four[0])
        resolver.resolve6(host, (noSix, six) => {
          if (noSix === null && six[0] !== undefined) answer(six[0])
          else done(noSix ?? new Error('no address'), '', 0)
        })
      })
    },
  }
}
