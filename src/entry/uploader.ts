import { noteArrival } from '../deliver/detach.ts'
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

/** However much waits and however slow the collector is: after this the process is gone. */
const deadlineMs = 5 * 60 * 1000

/**
 * The detached uploader. Its output goes nowhere, and it starts no process. Whatever goes wrong ends
 * it quietly and leaves the events where they are.
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
  const options = {
    context,
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    impatient: false,
    deadlineMs,
  }
  // Counts that hosts have postponed may be events; some may arrive while others are sent.
  do {
    foldPostponed(context(), { waitMs: 1000, forMs: 10_000 })
    await upload(options)
  } while (foldPostponed(context(), { waitMs: 1000, forMs: 10_000 }).length > 0)
}

/** The key that is built in here is that of one product, and goes to no other's collector. */
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
