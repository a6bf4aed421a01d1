// Writes the documents that repeat the contract; test/docs/ fails when one of them drifts.
import { readFileSync, writeFileSync } from 'node:fs'

import { rolldown } from 'rolldown'

// Node 20 cannot read TypeScript.
const bundle = await rolldown({
  input: 'scripts/generated.ts',
  platform: 'node',
  transform: { define: { BUILD_VERSION: '""', BUILD_INGESTION_KEY: '""' } },
})
const { output } = await bundle.generate({ format: 'esm' })
await bundle.close()
const { generated } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`)

for (const { path, text } of generated) {
  const before = readFileSync(path, { encoding: 'utf8', flag: 'a+' })
  const after = text(before)
  if (after === before) continue
  writeFileSync(path, after)
  console.log(`${path} rewritten`)
}
