/** What we need to know of the contract's schemas. */
export interface Schema {
  readonly type: string
  readonly '~standard': { readonly validate: (value: unknown) => unknown }
  readonly entries?: Readonly<Record<string, Schema>>
  readonly wrapped?: Schema
  readonly options?: readonly unknown[]
  readonly literal?: unknown
  readonly pipe?: readonly unknown[]
}

export type Check = (value: unknown) => boolean

interface Action {
  readonly kind: string
  readonly type: string
  readonly requirement?: unknown
}

/** One function for the whole of a schema that is no object. */
export function checkOf(schema: Schema): Check {
  return quickCheck(schema) ?? ((value) => isValid(schema['~standard'].validate(value)))
}

function isValid(result: unknown): boolean {
  return (result as { issues?: unknown }).issues === undefined
}

/** Undefined for what is not known here; then the schema itself is asked. */
function quickCheck(schema: Schema): Check | undefined {
  const { type, pipe, options = [], literal } = schema
  if (pipe !== undefined) return all(pipe as readonly [Schema, ...Action[]])
  switch (type) {
    case 'string':
    case 'boolean':
      // oxlint-disable-next-line valid-typeof -- one of the two above
      return (value) => typeof value === type
    case 'number':
      return (value) => typeof value === 'number' && !Number.isNaN(value)
    case 'literal':
      return (value) => value === literal
    case 'picklist': {
      const known = new Set(options)
      return (value) => known.has(value)
    }
    case 'union':
      return any(options as readonly Schema[])
    default:
      return undefined
  }
}

function any(schemas: readonly Schema[]): Check | undefined {
  const checks = schemas.map(quickCheck)
  return checks.includes(undefined)
    ? undefined
    : (value) => (checks as Check[]).some((check) => check(value))
}

function all([base, ...actions]: readonly [Schema, ...Action[]]): Check | undefined {
  const first = quickCheck(base)
  const rest = actions.filter(({ kind }) => kind !== 'metadata').map(quickAction)
  if (first === undefined || rest.includes(undefined)) return undefined
  const [second, third, fourth, ...more] = rest as Check[]
  if (more.length > 0) return (value) => first(value) && (rest as Check[]).every((c) => c(value))
  if (second === undefined) return first
  if (third === undefined) return (value) => first(value) && second(value)
  if (fourth === undefined) return (value) => first(value) && second(value) && third(value)
  return (value) => first(value) && second(value) && third(value) && fourth(value)
}

/** Only asked about values of the type that the schema before it lets through. */
function quickAction({ kind, type, requirement }: Action): Check | undefined {
  if (kind !== 'validation') return undefined
  switch (type) {
    case 'integer':
      return (value) => Number.isInteger(value)
    case 'min_value':
      return (value) => (value as number) >= (requirement as number)
    case 'max_value':
      return (value) => (value as number) <= (requirement as number)
    case 'max_length':
      return (value) => (value as string).length <= (requirement as number)
    case 'regex': {
      const pattern = requirement as RegExp
      return (value) => pattern.test(value as string)
    }
    default:
      return undefined
  }
}
