import { builtin } from '../files/builtin.ts'
import type { KeyPath } from '../product/product.ts'
import {
  type JsonDocument,
  JsonTextError,
  type Member,
  memberAt,
  type ObjectSpot,
  parseJsonText,
  samePath,
} from './json-text.ts'

/** Sets one member, or removes it if no value is given. All other characters stay. */
export function editJson(text: string, path: KeyPath, value: string | boolean | undefined): string {
  const document = parseJsonText(text)
  if (document.objects.every((object) => object.path.length > 0)) {
    throw new JsonTextError('expected an object here', 0)
  }
  const edited =
    value === undefined ? without(text, document, path) : withValue(text, document, path, value)
  const expected = changed(document.value, path, value)
  if (!builtin('node:util').isDeepStrictEqual(parseJsonText(edited).value, expected)) {
    throw new JsonTextError(`${path.join('.')} cannot safely be changed here`, 0)
  }
  return edited
}

function withValue(
  text: string,
  { objects }: JsonDocument,
  path: KeyPath,
  value: string | boolean,
): string {
  const written = JSON.stringify(value)
  const found = memberAt(objects, path)
  if (found) {
    if (/[[{]/.test(text[found.value] ?? '')) throw notSingle(path, found)
    return text.slice(0, found.value) + written + text.slice(found.end)
  }
  // The deepest object on the way that exists takes the rest of the path.
  let home: ObjectSpot | undefined
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const part = path.slice(0, length)
    home = objects.find((object) => samePath(object.path, part))
    if (home) break
    const obstacle = memberAt(objects, part)
    if (obstacle) throw new JsonTextError(`${part.join('.')} is not an object`, obstacle.start)
  }
  if (home === undefined) throw new JsonTextError('expected an object here', 0)
  const rest = path.slice(home.path.length)
  const last = home.members.at(-1)
  if (last === undefined) return inEmptyObject(text, home, rest, written)
  const { indent, isOwnLine } = lineOf(text, last.start)
  const gap = isOwnLine ? newlineOf(text) + indent : ' '
  const layout = isOwnLine ? { newline: newlineOf(text), indent, step: stepOf(text) } : undefined
  return `${text.slice(0, last.end)},${gap}${member(rest, written, layout)}${text.slice(last.end)}`
}

interface Layout {
  readonly newline: string
  readonly indent: string
  readonly step: string
}

function inEmptyObject(text: string, home: ObjectSpot, rest: KeyPath, written: string): string {
  const { indent } = lineOf(text, home.start)
  const step = stepOf(text)
  const newline = newlineOf(text)
  const layout = { newline, indent: indent + step, step }
  const inside = `${newline}${indent}${step}${member(rest, written, layout)}${newline}${indent}`
  return `${text.slice(0, home.start + 1)}${inside}${text.slice(home.end - 1)}`
}

function member([key = '', ...rest]: KeyPath, written: string, layout: Layout | undefined): string {
  const name = JSON.stringify(key)
  if (rest.length === 0) return `${name}: ${written}`
  if (layout === undefined) return `${name}: { ${member(rest, written, undefined)} }`
  const { newline, indent, step } = layout
  const inner = { ...layout, indent: indent + step }
  return `${name}: {${newline}${indent}${step}${member(rest, written, inner)}${newline}${indent}}`
}

/** Removes the member and the comma between it and its neighbour. */
function without(text: string, { objects }: JsonDocument, path: KeyPath): string {
  const found = memberAt(objects, path)
  if (found === undefined) return text
  const home = objects.find(({ members }) => members.includes(found))
  const members = home?.members ?? []
  const index = members.indexOf(found)
  const next = members[index + 1]
  const previous = members[index - 1]
  if (next) return text.slice(0, found.start) + text.slice(next.start)
  if (previous) return text.slice(0, previous.end) + text.slice(found.end)
  return text.slice(0, found.start).trimEnd() + text.slice(found.end).trimStart()
}

function changed(value: unknown, [key = '', ...rest]: KeyPath, to: unknown): unknown {
  const copy = Object.assign(Object.create(null), value) as Record<string, unknown>
  if (rest.length === 0) {
    if (to === undefined) delete copy[key]
    else copy[key] = to
  } else if (to !== undefined || Object.hasOwn(copy, key)) {
    const inner = copy[key]
    const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    if (to !== undefined || isObject) copy[key] = changed(inner, rest, to)
  }
  return copy
}

function notSingle(path: KeyPath, { start }: Member): JsonTextError {
  return new JsonTextError(`${path.join('.')} is not a single value`, start)
}

function lineOf(
  text: string,
  at: number,
): { readonly indent: string; readonly isOwnLine: boolean } {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  const [indent = ''] = /^[ \t]*/.exec(line) ?? []
  return { indent, isOwnLine: indent === line && text.lastIndexOf('\n', at - 1) >= 0 }
}

function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? '\n'
}

/** The indentation of one level, taken from the first indented line. */
function stepOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}
