import { randomUUID } from 'node:crypto'

import { type Facts, factsOf, type Profile } from '../facts/facts.ts'
import { nil } from '../facts/identity.ts'
import { isSame } from '../facts/same.ts'
import { mostHoles, type Part } from './tree.ts'

/** A line with its UUIDs and numbers cut out, and which of these holes the facts come from. */
export interface Pattern {
  readonly parts: readonly Part[]
  /** Holes, counted among the UUIDs: -1 where the event has none. */
  readonly id: number
  readonly client: number
  readonly session: number
  /** A hole, counted among the numbers: -1 where the event does not say. */
  readonly at: number
  readonly profile: Profile
}

/** What a hole held in the line, and what it holds in the trial. */
type Hole = readonly [was: string, is: string]

const tokens = /"(?:[^"\\]|\\.)*"|\d[\d.]*(?:[eE][+-]?\d+)?/g
const uuid = /^"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"$/
const number = /^(?:0|[1-9]\d*)(?:\.\d+)?$/

/**
 * Finds the pattern of a line by trial: another line with other ids and numbers must have the same
 * profile, and its ids and moment must come from the same places. So nothing here knows a field's
 * name. What can't be seen by one trial is agreed: of a number other than the moment the mapping
 * asks at most whether it is above zero.
 */
export function patternOf(line: string, facts: Facts): Pattern | undefined {
  if (facts.sequence !== -1 || !/^[ -~]+$/.test(line)) return undefined
  const cut = cutOf(line)
  if (cut === undefined) return undefined
  const { parts, uuids, numbers, trial } = cut
  const other = factsOf(JSON.parse(trial), trial)
  if (other === undefined || !isSame(facts.profile, other.profile)) return undefined
  const id = holeOf(uuids, facts.id, other.id)
  const client = holeOf(uuids, facts.client, other.client)
  const session = holeOf(uuids, facts.session, other.session)
  const at = holeOf(numbers, textOf(facts.at), textOf(other.at))
  if (id === undefined || id === -1 || client === undefined || session === undefined)
    return undefined
  return at === undefined ? undefined : { parts, id, client, session, at, profile: facts.profile }
}

interface Cut {
  readonly parts: readonly Part[]
  readonly uuids: readonly Hole[]
  readonly numbers: readonly Hole[]
  readonly trial: string
}

/** Of a line that can be read. */
function cutOf(line: string): Cut | undefined {
  const parts: Part[] = []
  const uuids: Hole[] = []
  const numbers: Hole[] = []
  let trial = ''
  let from = 0
  const keepUntil = (end: number) => {
    const kept = line.slice(from, end)
    if (kept !== '') parts.push(Buffer.from(kept, 'latin1'))
    trial += kept
  }
  for (const { 0: found, index } of line.matchAll(tokens)) {
    if (uuid.test(found) && !found.includes(nil)) {
      keepUntil(index + 1)
      const is = randomUUID()
      parts.push('uuid')
      uuids.push([found.slice(1, -1), is])
      trial += is
      from = index + found.length - 1
    } else if (!found.startsWith('"') && found !== '0') {
      if (!number.test(found) || Number(found) === 0) return undefined
      keepUntil(index)
      const is = String(1 + numbers.length * 7919)
      parts.push('number')
      numbers.push([found, is])
      trial += is
      from = index + found.length
    }
  }
  keepUntil(line.length)
  if (uuids.length > mostHoles || numbers.length > mostHoles) return undefined
  return { parts, uuids, numbers, trial }
}

/** The hole that both values come from; -1 where there is no value. */
function holeOf(holes: readonly Hole[], was: string, is: string): number | undefined {
  if (was === nil && is === nil) return -1
  const hole = holes.findIndex((one) => one[1] === is)
  return hole !== -1 && holes[hole]?.[0] === was ? hole : undefined
}

function textOf(at: number | undefined): string {
  return at === undefined ? nil : String(at)
}
