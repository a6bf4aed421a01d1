export { runmat } from '../product/runmat.ts'
export type { Product } from '../product/product.ts'
export { accepts, type Fault, fieldsOf, isObject, type JsonObject } from './check.ts'
export type { EventContract, Kind } from './contract.ts'
export { recognise } from './contracts.ts'
export {
  type Dictionary,
  type DictionaryField,
  dictionaryOf,
  type FieldNote,
  type ValueNote,
} from './dictionary.ts'
export { uuidOfDigest } from './derived-uuid.ts'
export { type Contract, contractsOf } from './documented.ts'
export { eraseContract, mostErasedEvents } from './erase.ts'
export { jsonSchemaOf } from './json-schema.ts'
export type { Question } from './meanings.ts'
export type { Field, Fields, ObjectValue, Value } from './schema.ts'
export { parseRetryAfter } from './retry-after.ts'
export { ownIdentifier } from './runtime.ts'
export { usageContract } from './usage.ts'
export { uuid } from './values.ts'
