import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { contractsOf, dictionaryOf, type Product, runmat } from 'runmat-telemetry/contract'
import { SettingsError } from 'runmat-telemetry-common/environment'

import { faultsOfProduct } from './product-faults.ts'

/** Loads the definitions of further products. Rejects with every fault of every file. */
export async function loadProducts(files: readonly string[]): Promise<readonly Product[]> {
  const products: Product[] = []
  const faults: string[] = []
  const taken = new Set([runmat.id])
  for (const file of files) {
    const found = await definitionIn(file).catch(
      (error: unknown) => `can't be read: ${reasonOf(error, file)}`,
    )
    const problems = typeof found === 'string' ? [found] : problemsOf(found.definition)
    if (typeof found !== 'string' && problems.length === 0) {
      const product = found.definition as Product
      if (taken.has(product.id)) problems.push(`has the id of another product, ${product.id}`)
      taken.add(product.id)
      products.push(product)
    }
    faults.push(...problems.map((problem) => `PRODUCTS: ${file} ${problem}`))
  }
  if (faults.length > 0) throw new SettingsError(faults)
  return products
}

/** What a collector doesn't read of a definition may still be too strange to build contracts of. */
function problemsOf(definition: unknown): string[] {
  try {
    const faults = faultsOfProduct(definition)
    if (faults.length > 0) return faults
    const product = definition as Product
    dictionaryOf(product, contractsOf(product))
    return []
  } catch (error) {
    return [`is no product: ${reasonOf(error)}`]
  }
}

/** A text says what is wrong. */
async function definitionIn(file: string): Promise<{ readonly definition: unknown } | string> {
  if (file.endsWith('.json')) return { definition: JSON.parse(await readFile(file, 'utf8')) }
  const exported = (await import(pathToFileURL(path.resolve(file)).href)) as Record<string, unknown>
  const definitions = [...new Set(Object.values(exported))].filter(
    (value) => typeof value === 'object' && value !== null,
  )
  return definitions.length === 1
    ? { definition: definitions[0] }
    : `must export one definition, and exports ${definitions.length === 0 ? 'none' : 'several'}`
}

/** A module may throw anything, and another one that it imports may be missing. */
function reasonOf(error: unknown, file?: string): string {
  if (file !== undefined && !existsSync(file)) return 'there is no such file'
  return String((error as Partial<Error> | null | undefined)?.message ?? error).split('\n')[0] ?? ''
}
