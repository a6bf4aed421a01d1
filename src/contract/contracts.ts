import type { Product } from '../product/product.ts'
import type { JsonObject } from './check.ts'
import { type EventContract, oncePerProduct } from './contract.ts'
import { installContracts } from './install.ts'
import { runtimeContracts } from './runtime.ts'
import { usageContract } from './usage.ts'

/** Every family of events that the product sends. */
export const eventContracts = oncePerProduct((product: Product): readonly EventContract[] => [
  usageContract(product),
  ...runtimeContracts(product),
  ...installContracts(product),
])

/** The bytes of an event of any family, from text that any program may have written. */
export function recognise(contracts: readonly EventContract[], text: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  for (const contract of contracts) {
    // Our own clients write an event exactly as it is sent, so checking it is enough.
    const isReady = contract.isExact(value) && !contract.isPreview(value as JsonObject)
    const bytes = isReady ? JSON.stringify(value) : contract.recognise(value)
    if (bytes !== undefined) return bytes
  }
  return undefined
}
