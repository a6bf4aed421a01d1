import type { Product } from '../product/product.ts'
import type { Contract } from './contract.ts'
import { installContracts } from './install.ts'
import { runtimeContracts } from './runtime.ts'
import { usageContract } from './usage.ts'

/** Every family of events that the product sends. */
export function contractsOf(product: Product): readonly Contract[] {
  return [usageContract(product), ...runtimeContracts(product), ...installContracts(product)]
}

/** The bytes of an event of any family, from text that anybody may have written. */
export function recognise(contracts: readonly Contract[], text: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  for (const contract of contracts) {
    const bytes = contract.recognise(value)
    if (bytes !== undefined) return bytes
  }
  return undefined
}
