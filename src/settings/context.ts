import { fingerprintOf } from '../files/read.ts'
import type { Product } from '../product/product.ts'
import { choose } from './choices.ts'
import { settingsPlaces } from './files.ts'
import type { HostEnvironment } from './host-environment.ts'
import { ingestionKeyOf } from './ingestion-key.ts'
import { type Paths, pathsOf } from './paths.ts'
import { loadSettings } from './settings.ts'
import { type Evidence, judge, type Verdict } from './verdict.ts'

/** Everything that is known before anything is done: read once, then only passed on. */
export interface Context extends Evidence {
  readonly paths: Paths
  readonly verdict: Verdict
  /** The context as it is by now. */
  readonly again: () => Context
}

export function assess(product: Product, environment: HostEnvironment): Context {
  const paths = pathsOf(product, environment)
  const settings = loadSettings(product, paths, environment)
  const choices = choose(product, settings)
  const evidence = {
    product,
    environment,
    settings,
    choices,
    key: ingestionKeyOf(product, environment),
  }
  return {
    ...evidence,
    paths,
    verdict: judge(evidence),
    again: () => assess(product, environment),
  }
}

/**
 * The context as it is now, for those who must ask again and again: files are read anew only
 * when one of them has changed, which a few looks at their inodes tell.
 */
export function watch(product: Product, environment: HostEnvironment): () => Context {
  const places = settingsPlaces(product, pathsOf(product, environment), environment)
  let seen = ''
  let context: Context | undefined
  const again = (): Context => {
    const now = places.map(fingerprintOf).join()
    if (context === undefined || now !== seen) {
      context = { ...assess(product, environment), again }
    }
    seen = now
    return context
  }
  return again
}
