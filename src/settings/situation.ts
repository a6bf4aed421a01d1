import type { Product } from '../product/product.ts'
import { choose } from './choices.ts'
import { ingestionKeyOf } from './key.ts'
import { type Paths, pathsOf } from './paths.ts'
import { loadSettings } from './settings.ts'
import type { Surroundings } from './surroundings.ts'
import { type Evidence, judge, type Verdict } from './verdict.ts'

/** Everything that is known before anything is done: read once, then only passed on. */
export interface Situation extends Evidence {
  readonly paths: Paths
  readonly verdict: Verdict
  /** The situation as it is by now. */
  readonly again: () => Situation
}

export function assess(product: Product, surroundings: Surroundings): Situation {
  const paths = pathsOf(product, surroundings)
  const settings = loadSettings(product, paths, surroundings)
  const choices = choose(product, settings)
  const evidence = {
    product,
    surroundings,
    settings,
    choices,
    key: ingestionKeyOf(product, surroundings),
  }
  return {
    ...evidence,
    paths,
    verdict: judge(evidence),
    again: () => assess(product, surroundings),
  }
}
