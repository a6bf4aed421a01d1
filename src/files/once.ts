import { builtin } from './builtin.ts'

let endsSoon = false

/** Says that this process is our own, does one thing, and ends. */
export function expectEnd(): void {
  endsSoon = true
}

/**
 * Much work that is done once. V8 would optimize the code for it on another thread, and the process would
 * wait for that thread at its end: a large settings file would take half as long again.
 */
export function workOnce<Result>(work: () => Result): Result {
  if (!endsSoon) return work()
  const v8 = builtin('node:v8')
  v8.setFlagsFromString('--no-opt')
  try {
    return work()
  } finally {
    v8.setFlagsFromString('--opt')
  }
}
