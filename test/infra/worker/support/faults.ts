import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

type Call = 'open'
type AnyCall = (...words: unknown[]) => Promise<unknown>

/** While `during` lasts, such calls of `node:fs/promises` fail that name a file like this. */
export async function withFault<Value>(
  call: Call,
  file: RegExp,
  code: string,
  during: () => Promise<Value>,
): Promise<Value> {
  const calls = fs.promises as unknown as Record<Call, AnyCall>
  const real = calls[call]
  const replace = (by: AnyCall): void => {
    calls[call] = by
    syncBuiltinESMExports()
  }
  replace(async (...words) => {
    if (!file.test(String(words[0]))) return await real(...words)
    throw Object.assign(new Error(`${code}: ${call}`), { code, path: words[0] })
  })
  try {
    return await during()
  } finally {
    replace(real)
  }
}
