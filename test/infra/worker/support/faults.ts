import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

type Call = 'link' | 'open' | 'readFile' | 'readdir' | 'rm' | 'stat'
type HandleCall = 'appendFile' | 'close' | 'datasync' | 'read' | 'write'
type AnyCall = (...words: unknown[]) => Promise<unknown>

const calls = fs.promises as unknown as Record<Call, AnyCall>

/** While `during` lasts, such calls of `node:fs/promises` fail that name a file like this. */
export async function withFault<Value>(
  call: Call,
  file: RegExp,
  code: string,
  during: () => Promise<Value>,
): Promise<Value> {
  return await replaced(call, during, async (real, words) => {
    if (!file.test(String(words[0]))) return await real(...words)
    throw Object.assign(new Error(`${code}: ${call}`), { code, path: words[0] })
  })
}

/** The same for what is done with a file that is opened meanwhile. One that fails to close is closed. */
export async function withHandleFault<Value>(
  call: HandleCall,
  file: RegExp,
  code: string,
  during: () => Promise<Value>,
  /** What happens before such a call fails. */
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<Value> {
  return await replaced('open', during, async (real, words) => {
    const handle = (await real(...words)) as Record<HandleCall, AnyCall>
    if (!file.test(String(words[0]))) return handle
    const usual = handle[call].bind(handle)
    handle[call] = async () => {
      await before()
      if (call === 'close') await usual()
      throw Object.assign(new Error(`${code}: ${call}`), { code })
    }
    return handle
  })
}

async function replaced<Value>(
  call: Call,
  during: () => Promise<Value>,
  by: (real: AnyCall, words: readonly unknown[]) => Promise<unknown>,
): Promise<Value> {
  const real = calls[call]
  calls[call] = (...words) => by(real, words)
  syncBuiltinESMExports()
  try {
    return await during()
  } finally {
    calls[call] = real
    syncBuiltinESMExports()
  }
}
