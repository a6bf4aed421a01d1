import { readdirSync } from 'node:fs'
import path from 'node:path'

import { rolldown } from 'rolldown'

const sources = path.resolve(import.meta.dirname, '../programs')

/** Bundles test/programs/, so that tests can run pieces of src/ as processes of their own. */
export async function buildPrograms(folder: string): Promise<void> {
  const input = readdirSync(sources).map((name) => path.join(sources, name))
  const bundle = await rolldown({
    input,
    platform: 'node',
    transform: { define: { BUILD_VERSION: '"0.0.0"', BUILD_INGESTION_KEY: '""' } },
  })
  await bundle.write({ dir: folder, entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' })
  await bundle.close()
}

export function program(name: string): string {
  return path.join(process.env['TEST_PROGRAMS'] ?? '', `${name}.mjs`)
}
