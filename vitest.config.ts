import { readFileSync } from 'node:fs'
import os from 'node:os'

import { defineConfig } from 'vitest/config'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

// In place of the package, the CLI as one file: what starts it, and what is about nothing else.
const withExecutable = Boolean(process.env['RUNMAT_TELEMETRY_BINARY'])

export default defineConfig({
  define: {
    BUILD_VERSION: JSON.stringify(version),
    BUILD_INGESTION_KEY: JSON.stringify(''),
  },
  test: {
    include: withExecutable
      ? [
          'test/{e2e,deliver,opt-outs,standalone}/**/*.test.ts',
          // Its runtime has sockets, processes and files of its own. Who wins a race does not depend on it.
          'test/faults/{answers,detach,disk,frozen,junk,pauses,stop}.test.ts',
          'test/cli/completion.test.ts',
          'test/view/{view,chromium}.test.ts',
          'test/docs/{readme,schema}.test.ts',
          'test/infra/end-to-end/uploader.test.ts',
          'test/runs/delivery.test.ts',
          'test/wine.test.ts',
        ]
      : ['test/**/*.test.ts'],
    exclude: withExecutable
      ? // These run nothing but the sources or the package, in the Node of the tests.
        [
          'test/deliver/{breakage,policy,post,proxy,retry-after}.test.ts',
          'test/opt-outs/library.test.ts',
        ]
      : ['test/standalone/**'],
    setupFiles: ['test/support/setup.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Most of the time a test waits for processes of its own: a worker a processor is not too many.
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    // Bounds for what hangs, on a machine that may be ever so busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 40_000, interval: 20 } },
    coverage: {
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
})
