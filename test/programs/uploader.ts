import { upload } from '../../src/deliver/upload.ts'
import { runmat } from '../../src/product/runmat.ts'
import { readHostEnvironment } from '../../src/settings/host-environment.ts'
import { watch } from '../../src/settings/context.ts'

/** The detached uploader, with less patience than the real one. */
const { postTimeoutMs, deadlineMs = 60_000 } = JSON.parse(process.argv[2] ?? '{}') as {
  postTimeoutMs?: number
  deadlineMs?: number
}

await upload({
  context: watch(runmat, readHostEnvironment()),
  userAgent: 'test/1',
  impatient: false,
  deadlineMs,
  ...(postTimeoutMs !== undefined && { postTimeoutMs }),
})
