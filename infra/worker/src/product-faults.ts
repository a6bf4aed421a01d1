type Fields = Readonly<Record<string, unknown>>

/** Names that travel in events and addresses. No quotation mark, space or `__proto__` among them. */
const namePattern = /^[A-Za-z0-9][\w.-]{0,63}$/
const idPattern = /^[a-z][a-z0-9-]{0,31}$/
const fieldPattern = /^[a-z][a-z_]{0,63}$/

/** The usage event's own fields and those that mean something in every event: no product's field may replace them. */
const ownFields = new Set([
  'event_label',
  'uuid',
  'cid',
  'session_id',
  'payload',
  'product',
  'payload_schema_version',
  'stats_schema_version',
  'event_id',
  'install_id',
  'sequence',
  'first_seen',
  'trigger',
  'trigger_ts',
  'counters_as_of',
  'version',
  'platform',
  'subcommand_counts',
  'feature_capabilities',
])

/** Everything for which a value is no definition of a product, as far as a collector needs one. */
export function faultsOfProduct(value: unknown): string[] {
  if (!isFields(value)) return ['is no product: it must be an object']
  const faults: string[] = []
  const check = (holds: boolean, field: string, wanted: string): void => {
    if (!holds) faults.push(`is no product: ${field} must be ${wanted}`)
  }
  const names = 'a list of names'
  const record = 'an object with names as keys'
  check(matches(value['id'], idPattern), 'id', 'lower-case letters, digits and hyphens')
  check(isText(value['name']), 'name', 'a text')

  const usage = fieldsIn(value['usage'])
  check(isFields(value['usage']), 'usage', 'an object')
  const { subcommands, selections, selectionsField: field, outcomes, capabilities } = usage
  check(areNames(subcommands), 'usage.subcommands', names)
  check(areNames(selections), 'usage.selections', names)
  check(
    matches(field, fieldPattern) && !ownFields.has(field as string),
    'usage.selectionsField',
    'the name of a field of its own',
  )
  for (const name of ['selectionsMeaning', 'selectionsReason']) {
    check(isText(usage[name]), `usage.${name}`, 'a sentence')
  }
  check(
    isRecord(outcomes) && Object.values(outcomes).every(areNames),
    'usage.outcomes',
    'lists of names by subcommand',
  )
  check(
    isRecord(capabilities) && Object.values(capabilities).every(isText),
    'usage.capabilities',
    'sentences by name',
  )

  const milestones = fieldsIn(value['milestones'])
  check(isFields(value['milestones']), 'milestones', 'an object')
  const { firstRun, firstRunOfVersion, successes, named } = milestones
  check(matches(firstRun, namePattern), 'milestones.firstRun', 'a name')
  check(matches(firstRunOfVersion, namePattern), 'milestones.firstRunOfVersion', 'a name')
  check(areNames(fieldsIn(successes)['triggers']), 'milestones.successes.triggers', names)
  check(isRecord(named), 'milestones.named', record)

  const { ingestionKey } = value
  check(ingestionKey === undefined || isFields(ingestionKey), 'ingestionKey', 'an object or absent')
  return faults
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fieldsIn(value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => matches(name, namePattern))
}

function isRecord(value: unknown): value is Fields {
  return isFields(value) && areNames(Object.keys(value))
}
