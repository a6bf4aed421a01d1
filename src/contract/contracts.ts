import type { Product } from '../product/product.ts'
import type { JsonObject } from './check.ts'
import { type DocumentedKind, type EventContract, type Kind, oncePerProduct } from './contract.ts'
import { type FieldNote, notesOn } from './dictionary.ts'
import { eraseContract } from './erase.ts'
import { installContracts } from './install.ts'
import { runtimeContracts } from './runtime.ts'
import { usageContract } from './usage.ts'

/** A contract with its documentation, which code that only builds or sends events does not load. */
export interface Contract<Of extends DocumentedKind = Kind> extends EventContract<Of> {
  readonly fields: readonly FieldNote[]
}

/** Every family of events that the product sends. */
export const contractsOf = oncePerProduct((product: Product): readonly Contract[] =>
  [usageContract(product), ...runtimeContracts(product), ...installContracts(product)].map(
    (contract) => explained(product, contract),
  ),
)

/** Those, and what only `forget` posts: for documentation, not for sending. */
export function documentedContracts(product: Product): readonly Contract<DocumentedKind>[] {
  return [...contractsOf(product), explained(product, eraseContract(product))]
}

function explained<Of extends DocumentedKind>(
  product: Product,
  contract: EventContract<Of>,
): Contract<Of> {
  return {
    ...contract,
    // Loaded only to be read by people: recording an event must not wait for it.
    get fields() {
      return notesOn(product, contract)
    },
  }
}

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
