import type { Product } from '../product/product.ts'
import { type DocumentedKind, type EventContract, type Kind, oncePerProduct } from './contract.ts'
import { eventContracts } from './contracts.ts'
import { type FieldNote, notesOn } from './dictionary.ts'
import { eraseContract } from './erase.ts'

/** A contract with its documentation, which code that only builds or sends events does not load. */
export interface Contract<Of extends DocumentedKind = Kind> extends EventContract<Of> {
  readonly fields: readonly FieldNote[]
}

/** Every family of events that the product sends. */
export const contractsOf = oncePerProduct((product: Product): readonly Contract[] =>
  eventContracts(product).map((contract) => documented(product, contract)),
)

/** Those, and what only `forget` posts: for documentation, not for sending. */
export function documentedContracts(product: Product): readonly Contract<DocumentedKind>[] {
  return [...contractsOf(product), documented(product, eraseContract(product))]
}

function documented<Of extends DocumentedKind>(
  product: Product,
  contract: EventContract<Of>,
): Contract<Of> {
  return { ...contract, fields: notesOn(product, contract) }
}
