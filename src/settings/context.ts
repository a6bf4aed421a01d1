import { steadyMs } from '../files/clock.ts'
import { siblingsAmong, type Snapshot, takeSnapshot } from '../files/snapshot.ts'
import type { Product } from '../product/product.ts'
import { choose } from './choices.ts'
import { collectorsNo } from './collector.ts'
import type { HostEnvironment } from './host-environment.ts'
import { ingestionKeyOf } from './ingestion-key.ts'
import { type Paths, pathsOf } from './paths.ts'
import { loadSettings } from './settings.ts'
import { missedForMs, settingsPlaces } from './sources.ts'
import { isForeignHome } from './trust.ts'
import { type Evidence, judge, type Verdict } from './verdict.ts'

/** Everything that is known before anything is done. It is read once and passed on as a value. */
export interface Context extends Evidence {
  readonly paths: Paths
  readonly verdict: Verdict
  /** The host's own version, where the host has said it. */
  readonly version: string | undefined
  /** What was at each path when the settings were read. */
  readonly see: Snapshot
  /** Reads the context again. */
  readonly again: () => Context
}

/** `version` is the host's, if known; if not, that of the last host that recorded. */
export function assess(
  product: Product,
  environment: HostEnvironment,
  version?: string,
  see = takeSnapshot(),
  paths = pathsOf(product, environment),
): Context {
  const settings = loadSettings(product, paths, environment, see)
  const choices = choose(product, settings)
  const evidence = {
    product,
    environment,
    settings,
    choices,
    key: ingestionKeyOf(product, environment),
    gone: collectorsNo(paths, choices.endpoint.value, version, see),
    isForeignHome: isForeignHome(environment, see),
  }
  return {
    paths,
    verdict: judge(evidence),
    see,
    version,
    again: () => assess(product, environment, version),
    // Last, because adding a field to what a spread has made takes V8 a microsecond or two.
    ...evidence,
  }
}

/**
 * Returns a function that gives the current context, for code that must ask often. It reads the files
 * again only if one of them may have changed, which it sees by their inodes, and now and then because
 * the way to a missing one may have changed.
 */
export function watch(
  product: Product,
  environment: HostEnvironment,
  version?: string,
): () => Context {
  const paths = pathsOf(product, environment)
  const places = [...settingsPlaces(product, paths, environment), paths.uploads]
  const families = siblingsAmong(places)
  let seen = ''
  let since = 0
  let context: Context | undefined
  const again = (): Context => {
    const see = takeSnapshot(families)
    const now = places.map((place) => see(place).version).join()
    if (context === undefined || now !== seen || steadyMs() - since > missedForMs) {
      since = steadyMs()
      context = { ...assess(product, environment, version, see, paths), again }
    }
    seen = now
    return context
  }
  return again
}
