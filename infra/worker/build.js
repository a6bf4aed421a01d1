// Builds the worker into one file: `node build.js [folder]`.
import path from 'node:path'

import { bundle } from 'runmat-telemetry-common/build'

const here = import.meta.dirname
const folder = process.argv[2] ?? path.join(here, 'dist')
await bundle(path.join(here, 'src/start-worker.ts'), path.join(folder, 'worker.js'))
