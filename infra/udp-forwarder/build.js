// Builds the forwarder into one file that needs nothing but Node: `node build.js [folder]`.
import path from 'node:path'

import { rolldown } from 'rolldown'

const here = import.meta.dirname

const build = await rolldown({
  input: path.join(here, 'src/main.ts'),
  platform: 'node',
  transform: { target: 'node20.12' },
})
await build.write({
  file: path.join(process.argv[2] ?? path.join(here, 'dist'), 'forwarder.js'),
  format: 'esm',
  comments: false,
})
await build.close()
