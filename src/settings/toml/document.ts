import { parse, type TomlTable } from 'smol-toml'
import { scan, type Spot } from './scan.ts'

const BOM = '\uFEFF'

/** A valid document: the values its parser sees, and the spots of its text where they stand. */
export interface Document {
  values: TomlTable
  bom: string
  text: string
  spots: readonly Spot[]
}

export const parseValues = (source: string): TomlTable => parse(source, { integersAsBigInt: true })

export const parseDocument = (source: string): Document => {
  const values = parseValues(source)
  const bom = source.startsWith(BOM) ? BOM : ''
  const text = source.slice(bom.length)
  return { values, bom, text, spots: scan(text) }
}
