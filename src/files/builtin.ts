import type buffer from 'node:buffer'
import type crypto from 'node:crypto'
import type os from 'node:os'
import type url from 'node:url'
import type v8 from 'node:v8'
import type workerThreads from 'node:worker_threads'

interface Builtins {
  readonly 'node:buffer': typeof buffer
  readonly 'node:crypto': typeof crypto
  readonly 'node:os': typeof os
  readonly 'node:sea': { readonly isSea: () => boolean }
  readonly 'node:url': typeof url
  readonly 'node:v8': typeof v8
  readonly 'node:worker_threads': typeof workerThreads
}

/**
 * One of Node's own modules, loaded only now: hardly any process needs it, and loading it takes longer
 * than recording an event.
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  // Our bundles for Node are CommonJS. Only there `require` exists, and only newer versions have the other.
  return (
    typeof require === 'function' ? require(name) : process.getBuiltinModule(name)
  ) as Builtins[Name]
}
