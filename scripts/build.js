// Builds dist/: the CLI as CommonJS chunks (it starts faster than ESM), the library as ESM, types.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'

import { rolldown } from 'rolldown'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

const shared = {
  platform: 'node',
  transform: {
    target: 'node20.12',
    define: {
      BUILD_VERSION: JSON.stringify(version),
      BUILD_INGESTION_KEY: JSON.stringify(process.env.RUNMAT_TELEMETRY_KEY ?? ''),
    },
  },
}

// Commander can start programs of its own, and env-paths knows the folder for temporary files. We
// ask for neither, and loading what they need for it would be a tenth of our whole start.
const unused = {
  'node:child_process': 'export default {}',
  'node:os':
    'export default { homedir: () => process.env.HOME ?? process.env.USERPROFILE ?? "", tmpdir: () => "" }',
}
const withoutUnused = {
  name: 'without-unused',
  resolveId: (id, importer) =>
    id in unused && /\/(commander|env-paths)\//.test(importer ?? '') ? `\0${id}` : null,
  load: (id) => unused[id.slice(1)] ?? null,
}

// The library's commands are the bundle above; a second copy would double the package.
const onceOnly = {
  name: 'once-only',
  resolveId: (id) => (id === './main.ts' ? { id: './cli.cjs', external: true } : null),
}

async function bundle(input, output, plugins = []) {
  const build = await rolldown({
    ...shared,
    input,
    plugins,
    // What a lazy part shares with the start may stand with the start: one file less to open.
    preserveEntrySignatures: 'allow-extension',
  })
  await build.write({
    dir: 'dist',
    minify: true,
    comments: false,
    dynamicImportInCjs: false,
    ...output,
  })
  await build.close()
}

rmSync('dist', { recursive: true, force: true })
await bundle(
  { cli: 'src/main.ts' },
  { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'cli/[name].cjs' },
  [withoutUnused],
)
for (const [name, input] of Object.entries({
  upload: 'src/upload.ts',
  'post-worker': 'src/post-worker.ts',
})) {
  await bundle(
    { [name]: input },
    { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: `${name}/[name].cjs` },
  )
}
await bundle(
  { index: 'src/index.ts', contract: 'src/contract/index.ts' },
  { format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'lib/[name].js' },
  [onceOnly],
)
execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
})
execFileSync('node', ['scripts/precompile.cjs'], { stdio: ['ignore', 'ignore', 'pipe'] })
