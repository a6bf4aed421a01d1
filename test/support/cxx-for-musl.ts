import { execFileSync } from 'node:child_process'
import path from 'node:path'

const said = (command: string, args: readonly string[]) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })

/**
 * Alpine has a libstdc++ for musl, Debian does not. This makes one from Debian's own, with as much
 * as the executable asks for, so that the executable for musl can be run here. It is no part of any
 * release.
 */
export function makeCxxForMusl(executable: string, loader: string, folder: string): string {
  const there = new Set(symbolsOf(loader))
  const wanted = symbolsOf(executable).filter(
    (name) => /^(_Z|__cxa_|__dynamic|__once|__gxx|_Unwind)/.test(name) && !there.has(name),
  )
  const library = path.join(folder, 'libstdc++.so.6')
  const part = (name: string) => said('g++', [`-print-file-name=${name}`]).trim()
  const own = path.join(folder, 'own.o')
  const source = path.join(import.meta.dirname, 'cxx-for-musl.c')
  said('gcc', ['-c', '-fPIC', '-fno-builtin', source, '-o', own])
  said('g++', [
    '-shared',
    '-nostdlib',
    '-o',
    library,
    '-Wl,-soname,libstdc++.so.6',
    part('crtbeginS.o'),
    ...wanted.map((name) => `-Wl,-u,${name}`),
    own,
    ...['libstdc++.a', 'libgcc_eh.a', 'libgcc.a', 'crtendS.o'].map(part),
  ])
  return library
}

/** Defined or not: an old-fashioned executable keeps a copy of some that it does not define. */
function symbolsOf(file: string): readonly string[] {
  return said('readelf', ['-W', '--dyn-syms', file])
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[7]?.replace(/@.*/, '') ?? '')
    .filter(Boolean)
}
