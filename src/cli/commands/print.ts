import { usageContract, usageSchema } from '../../contract/usage.ts'
import { previewUsage } from '../../record/preview.ts'
import type { Context } from '../context.ts'
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

export async function print(context: Context, options: PrintOptions): Promise<void> {
  const { io, product } = context
  if (options.queued) {
    printQueued(context)
  } else if (options.schema) {
    const { jsonSchemaOf } = await import('../json-schema.ts')
    const { title } = usageContract(product)
    io.out(toJson(jsonSchemaOf(title, usageSchema(product))))
  } else if (options.explain) {
    const { fields } = usageContract(product)
    io.out(options.json ? toJson(fields) : explanation(context, fields))
  } else {
    preview(context, options)
  }
}

function preview(context: Context, { json, raw }: PrintOptions): void {
  const { io, ink, situation, version } = context
  const { bytes, hasClientId } = previewUsage(situation, version)
  const exact = json || raw || !io.outIsTerminal
  io.out(`${exact ? bytes : paintJson(bytes, ink)}\n`)
  if (!hasClientId) {
    io.err(
      'No client id exists yet: zeros stand in its place.\n' +
        'One is made with the first event.\n',
    )
  }
}
