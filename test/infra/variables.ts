import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { root } from '../support/run.ts'

/** The environment variables that a service reads: its settings' files name each of them once. */
export function variablesReadBy(service: string): ReadonlySet<string> {
  const source = path.join(root, 'infra', service, 'src')
  const settings = readdirSync(source)
    .filter((file) => file.endsWith('settings.ts'))
    .map((file) => readFileSync(path.join(source, file), 'utf8'))
    .join('\n')
  return new Set([...settings.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, name = '']) => name))
}
