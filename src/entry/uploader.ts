import { endpointVariable, noteArrival } from '../deliver/detach.ts'
import { productVariable } from '../store/process-identity.ts'
import { upload } from '../deliver/upload.ts'
import { startWatchdog } from '../deliver/watchdog.ts'
import { buildIngestionKey, buildVersion } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import { runmat } from '../product/runmat.ts'
import { foldPostponed } from '../record/record-usage.ts'
import { readHostEnvironment } from '../settings/host-environment.ts'
import { watch } from '../settings/context.ts'
import { settingsPlaces } from '../settings/sources.ts'
import { pathsOf } from '../settings/paths.ts'

/** The process ends after this, however much is waiting and however slow the collector is. */
const deadlineMs = 5 * 60 * 1000

/**
 * The detached uploader. Its output goes nowhere, and it starts no process. On any error it ends
 * silently and leaves the events in the queue.
 */
async function run(): Promise<void> {
  const environment = readHostEnvironment()
  const product = withKey(JSON.parse(environment.env[productVariable] ?? '') as Product)
  if (environment.home === undefined) return
  const paths = pathsOf(product, environment)
  noteArrival(paths)
  if (environment.platform !== 'linux') {
    startWatchdog(settingsPlaces(product, paths, environment))
  }
  const context = watch(product, environment)
  const endpoint = environment.env[endpointVariable]
  const options = {
    context,
    ...(endpoint !== undefined && { endpoint }),
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    impatient: false,
    deadlineMs,
  }
  // Postponed counts may become events. Some may arrive while others are sent.
  do {
    foldPostponed(context(), { waitMs: 1000, forMs: 10_000 })
    await upload(options)
  } while (foldPostponed(context(), { waitMs: 1000, forMs: 10_000 }).length > 0)
}

/** The built-in key belongs to one product and must not go to another product's collector. */
function withKey(product: Product): Product {
  const { ingestionKey } = product
  const isOurs = ingestionKey?.variable === runmat.ingestionKey?.variable
  if (ingestionKey === undefined || product.id !== runmat.id || !isOurs) return product
  return { ...product, ingestionKey: { ...ingestionKey, embedded: buildIngestionKey } }
}

setTimeout(() => process.exit(1), deadlineMs + 30_000).unref()
run().then(
  () => process.exit(0),
  () => process.exit(1),
)
