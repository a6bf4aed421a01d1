// Builds dist/: the CLI as CommonJS chunks (it starts faster than ESM), the library as ESM, types.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { minify } from 'terser'

import { noticesOf, packagesIn } from './notices.js'
import { bundle, inAscii, shared, withoutUnused } from './support/bundle.js'
import { precompile } from './support/precompile.js'

// For a default import, Rolldown copies everything else that a module of Node exports, too.
const defaultsOnly = {
  name: 'defaults-only',
  renderChunk: (code) =>
    code.replace(/^(node_\w+) = [\w.]+\(\1, 1\)/gm, (copied, name) =>
      new RegExp(`${name}\\.(?!default\\b)`).test(code) ? copied : `${name} = { default: ${name} }`,
    ),
}

// To add two hundred exports one after another takes V8 longer than all else that the modules do at first.
const exportsAtOnce = {
  name: 'exports-at-once',
  renderChunk: (code, { isEntry }) => {
    if (!isEntry) return null
    const at = code.search(/^(exports\.[\w$]+ = [\w$]+;\n?)+$/m)
    const rest = code.slice(0, at)
    const isLive = /^Object\.defineProperty\(exports, ["']/m.test(rest)
    if (at === -1 || isLive) throw new Error('Rolldown exports in another way')
    const names = code.slice(at).replaceAll(/^exports\.([\w$]+) = ([\w$]+);$/gm, '$1: $2,')
    return `${rest}module.exports = {\n${names}}\n`
  },
}

// The executable unpacks a command only when it runs it. Here, to open one more file would take longer.
const commandsInside = {
  name: 'commands-inside',
  transform: (code, id) => {
    if (path.basename(id) !== 'command-line.ts') return null
    const commands = code.match(/(?<=import\()'.\/commands\/\w+.ts'(?=\))/g) ?? []
    return `${commands.map((file) => `import ${file}\n`).join('')}${code}`
  },
}

// What Rolldown puts into a file of its own is as small as it is slow to open.
const runtimeInside = {
  name: 'runtime-inside',
  generateBundle: (_, files) => {
    const runtime = files['cli/rolldown-runtime.cjs'].code.trim()
    const [before, after, ...more] = files['cli.cjs'].code.split(
      'require("./cli/rolldown-runtime.cjs")',
    )
    if (after === undefined || more.length > 0) throw new Error('Rolldown has another way')
    files['cli.cjs'].code = `${before}(exports=>{${runtime}return exports})({})${after}`
  },
}

// The library's commands are the bundle above. A second copy would double the package.
const onceOnly = {
  name: 'once-only',
  resolveId: (id) => (id === './cli.ts' ? { id: './cli.cjs', external: true } : null),
}

// The library is CommonJS, too: an ES import of one of Node's modules touches all of its exports, and
// those that we never use take longer than everything else. For a host it is an ES module.
const esmEntry = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
export const { openTelemetry, readHostEnvironment, runCommands, runmat } =
  require('../bin/runmat-telemetry.js').open('lib')
`

// A page pays for each byte: Terser makes 3 % less of it than Rolldown's own minifier does.
const smaller = {
  name: 'smaller',
  generateBundle: async (_, files) => {
    for (const file of Object.values(files)) {
      const { code } = await minify(file.code, {
        module: true,
        ecma: 2022,
        compress: { passes: 5, keep_fargs: false, unsafe_arrows: true, hoist_funs: true },
      })
      file.code = code
    }
  },
}

const modules = []
const add = async (...parts) => void modules.push(...(await bundle(...parts)))

// The executables are made by another script, from the sources.
for (const name of existsSync('dist') ? readdirSync('dist') : []) {
  if (name !== 'standalone') rmSync(path.join('dist', name), { recursive: true, force: true })
}
await add(
  { cli: 'src/entry/cli.ts' },
  {
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'cli/[name].cjs',
    // Everything that a start needs is in one file, including what lazy parts share with it.
    codeSplitting: { groups: [{ name: 'cli', tags: ['$initial'] }] },
  },
  {
    plugins: [commandsInside, withoutUnused, defaultsOnly, exportsAtOnce, inAscii, runtimeInside],
    checks: { ineffectiveDynamicImport: false },
  },
)
for (const [name, input] of Object.entries({
  upload: 'src/entry/uploader.ts',
  'sync-post': 'src/entry/sync-post.ts',
})) {
  await add(
    { [name]: input },
    { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: `${name}/[name].cjs` },
  )
}
await add(
  { lib: 'src/entry/library.ts' },
  { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'lib/[name].cjs' },
  { plugins: [withoutUnused, defaultsOnly, exportsAtOnce, inAscii, onceOnly] },
)
await add({ contract: 'src/contract/index.ts' }, { format: 'esm' })
writeFileSync('dist/index.js', esmEntry)
await add(
  { browser: 'src/entry/browser.ts' },
  { format: 'esm' },
  {
    platform: 'browser',
    transform: { ...shared.transform, target: 'es2022' },
    plugins: [smaller],
    checks: { bundlerTimings: false },
  },
)
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', noticesOf(packagesIn(modules)))
execFileSync('node', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
})
precompile(process.execPath)
