export { runmat } from '../product/runmat.ts'
export type { Product } from '../product/product.ts'
export type { Contract, FieldNote, Kind } from './contract.ts'
export { usageContract } from './usage.ts'
