import type { Kind } from '../../contract/contract.ts'
import { contractsOf } from '../../contract/contracts.ts'
import { previewOf } from '../../record/preview.ts'
import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import { explanation } from '../explain.ts'
import { paintJson } from '../paint-json.ts'
import { printQueued } from '../queued.ts'
import { toJson } from '../io.ts'

export interface PrintOptions {
  readonly json?: boolean
  readonly raw?: boolean
  readonly explain?: boolean
  readonly schema?: boolean
  readonly queued?: boolean
}

export async function print(context: Context, kind: Kind, options: PrintOptions): Promise<void> {
  const { io, product } = context
  // Of a run, what its end says includes all that its start does.
  const contract = contractsOf(product).findLast((one) => one.kind === kind)
  if (contract === undefined) throw new CliError(`${product.name} sends no ${kind} events.`)
  if (options.queued) {
    printQueued(context)
  } else if (options.schema) {
    const { jsonSchemaOf } = await import('../json-schema.ts')
    io.out(toJson(jsonSchemaOf(contract)))
  } else if (options.explain) {
    io.out(options.json ? toJson(contract.fields) : explanation(context, contract))
  } else {
    preview(context, kind, options)
  }
}

function preview(context: Context, kind: Kind, { json, raw }: PrintOptions): void {
  const { io, ink, situation, version } = context
  const { bytes, hasClientId } = previewOf(kind, situation, version)
  const exact = json || raw || !io.outIsTerminal
  io.out(`${exact ? bytes : paintJson(bytes, ink)}\n`)
  if (!hasClientId) {
    io.err(
      'No client id exists yet: zeros stand in its place.\n' +
        'One is made with the first event.\n',
    )
  }
}
