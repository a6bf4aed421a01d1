import type { Context } from '../context.ts'
import { statusOf } from '../status.ts'
import { statusText } from '../status-text.ts'
import { toJson } from '../io.ts'

export function status(context: Context, { json }: { json?: boolean }): void {
  const found = statusOf(context)
  context.io.out(json ? toJson(found) : statusText(found, context))
}
