import { upload } from '../../src/deliver/upload.ts'
import { runmat } from '../../src/product/runmat.ts'
import { readSurroundings } from '../../src/settings/surroundings.ts'
import { watch } from '../../src/settings/watch.ts'

/** The detached uploader, with less patience than the real one. */
const { postTimeoutMs, deadlineMs = 60_000 } = JSON.parse(process.argv[2] ?? '{}') as {
  postTimeoutMs?: number
  deadlineMs?: number
}

await upload({
  situation: watch(runmat, readSurroundings()),
  userAgent: 'test/1',
  impatient: false,
  deadlineMs,
  ...(postTimeoutMs !== undefined && { postTimeoutMs }),
})
