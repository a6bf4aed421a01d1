import { readFileSync } from 'node:fs'
import path from 'node:path'

import { rolldown } from 'rolldown'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

export const shared = {
  platform: 'node',
  transform: {
    target: 'node20.12',
    define: {
      BUILD_VERSION: JSON.stringify(version),
      BUILD_INGESTION_KEY: JSON.stringify(process.env.RUNMAT_TELEMETRY_KEY ?? ''),
    },
  },
}

// Commander can start subprograms, env-paths finds the temporary folder, kleur asks stdout whether it is
// a terminal, and ci-info tells of each service by itself. We use none of that, and it would take a tenth
// of our start. So would importing the process, which opens the standard streams.
const unused = {
  commander: { 'node:child_process': 'export default {}' },
  'env-paths': {
    'node:os': `const name = process.platform === 'win32' ? 'USERPROFILE' : 'HOME'
      export default { homedir: () => process.env[name] ?? '', tmpdir: () => '' }`,
    'node:process': 'export default globalThis.process',
  },
}
const unusedLines = {
  kleur: ['process.stdout && process.stdout.isTTY', 'false'],
  'ci-info': ['exports[vendor.constant] = isCI', ''],
}
export const withoutUnused = {
  name: 'without-unused',
  resolveId: (id, importer = '') => {
    const name = Object.keys(unused).find((one) =>
      importer.includes(path.join('node_modules', one)),
    )
    return id in (unused[name] ?? {}) ? `\0${name}\0${id}` : null
  },
  load: (id) => {
    const [, name, module] = id.split('\0')
    return unused[name]?.[module] ?? null
  },
  transform: (code, id) => {
    if (!id.endsWith('js')) return null
    const name = Object.keys(unusedLines).find((one) =>
      id.includes(path.join('node_modules', one, path.sep)),
    )
    if (name === undefined) return null
    const [line, instead] = unusedLines[name]
    const [before, after, ...more] = code.split(line)
    if (after === undefined || more.length > 0) throw new Error(`${name} has another way`)
    return `${before}${instead}${after}`
  },
}

// One two-byte character would make V8 store the whole source in two bytes each, and read it slower.
// The launcher reads these files as Latin-1, in which it would be another character.
export const inAscii = {
  name: 'in-ascii',
  generateBundle: (_, files) => {
    for (const file of Object.values(files)) {
      const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      file.code = file.code?.replace(/[^\0-\x7f]/g, escaped)
    }
  },
}

/** Writes a bundle. Returns the modules that are in it. */
export async function bundle(input, output, { plugins = [], ...options } = {}) {
  const build = await rolldown({
    ...shared,
    input,
    plugins,
    // Code that a lazy part shares with the start goes with the start: one file less to open.
    preserveEntrySignatures: 'allow-extension',
    ...options,
  })
  const { output: chunks } = await build.write({
    dir: 'dist',
    minify: true,
    comments: false,
    dynamicImportInCjs: false,
    ...output,
  })
  await build.close()
  return chunks.flatMap(({ moduleIds = [] }) => moduleIds)
}
