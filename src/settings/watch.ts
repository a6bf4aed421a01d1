import { traceOf } from '../files/look.ts'
import type { Product } from '../product/product.ts'
import { pathsOf } from './paths.ts'
import { assess, type Situation } from './situation.ts'
import { settingsPlaces } from './sources.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * The situation as it is now, for those who must ask again and again: files are read anew only
 * when one of them has changed, which a few looks at their inodes tell.
 */
export function watch(product: Product, surroundings: Surroundings): () => Situation {
  const places = settingsPlaces(product, pathsOf(product, surroundings), surroundings)
  let seen = ''
  let situation: Situation | undefined
  const again = (): Situation => {
    const now = places.map(traceOf).join()
    if (situation === undefined || now !== seen) {
      situation = { ...assess(product, surroundings), again }
    }
    seen = now
    return situation
  }
  return again
}
