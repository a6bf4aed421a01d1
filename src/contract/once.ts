import type { Product } from '../product/product.ts'

/** Tables follow from the product alone and are made once for each, when they are first needed. */
export function oncePerProduct<T>(make: (product: Product) => T): (product: Product) => T {
  const made = new WeakMap<Product, { readonly value: T }>()
  return (product) => {
    const known = made.get(product) ?? { value: make(product) }
    made.set(product, known)
    return known.value
  }
}
