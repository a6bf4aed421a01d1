import type { KeyPath } from '../product/product.ts'
import { type JsonDocument, JsonTextError, type Member, readJson } from './json-text.ts'
import { areSame } from './same-values.ts'

/** Sets one member, or removes it if no value is given. All other characters stay. */
export function editJson(text: string, path: KeyPath, value: string | boolean | undefined): string {
  const document = unambiguous(text)
  const edited = value === undefined ? without(document, path) : withValue(document, path, value)
  const expected = changed(JSON.parse(text), path, value)
  unambiguous(edited)
  if (!areSame(JSON.parse(edited), expected)) {
    throw new JsonTextError(`${path.join('.')} cannot safely be changed here`, 0)
  }
  return edited
}

function unambiguous(text: string): JsonDocument {
  const document = readJson(text)
  if (document.repeated) throw document.repeated
  return document
}

function withValue(document: JsonDocument, path: KeyPath, value: string | boolean): string {
  const { text } = document
  const written = JSON.stringify(value)
  const found = document.memberAt(path)
  if (found) {
    if (/[[{]/.test(text[found.value] ?? '')) throw notSingle(path, found)
    return text.slice(0, found.value) + written + text.slice(found.end)
  }
  // The deepest object on the way that exists takes the rest of the path.
  let depth = path.length - 1
  while (document.memberAt(path.slice(0, depth)) === undefined) depth -= 1
  const part = path.slice(0, depth)
  const home = document.objectAt(part)
  const rest = path.slice(depth)
  if (home === undefined) {
    const blank = document.memberAt(part)
    // The same as an object that is left out.
    if (blank && text.slice(blank.value, blank.end) === 'null') {
      const object = `{ ${member(rest, written, undefined)} }`
      return text.slice(0, blank.value) + object + text.slice(blank.end)
    }
    throw new JsonTextError(`${part.join('.')} is not an object`, blank?.start ?? 0)
  }
  const last = document.memberAt([...part, ...home.names().slice(-1)])
  if (home.names().length === 0 || last === undefined) {
    return inEmptyObject(text, home, rest, written)
  }
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

function inEmptyObject(text: string, home: Member, rest: KeyPath, written: string): string {
  const { indent } = lineOf(text, home.value)
  const step = stepOf(text)
  const newline = newlineOf(text)
  const layout = { newline, indent: indent + step, step }
  const inside = `${newline}${indent}${step}${member(rest, written, layout)}${newline}${indent}`
  return `${text.slice(0, home.value + 1)}${inside}${text.slice(home.end - 1)}`
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
function without(document: JsonDocument, path: KeyPath): string {
  const { text } = document
  const found = document.memberAt(path)
  if (found === undefined) return text
  const home = path.slice(0, -1)
  const names = document.objectAt(home)?.names() ?? []
  const index = names.indexOf(path.at(-1) ?? '')
  const beside = (at: number) => document.memberAt([...home, ...names.slice(at, at + 1)])
  const next = index + 1 < names.length ? beside(index + 1) : undefined
  const previous = index > 0 ? beside(index - 1) : undefined
  if (next) return text.slice(0, found.start) + text.slice(next.start)
  if (previous) return text.slice(0, previous.end) + text.slice(found.end)
  return text.slice(0, found.start).trimEnd() + text.slice(found.end).trimStart()
}

function changed(value: unknown, [key = '', ...rest]: KeyPath, to: unknown): unknown {
  const copy: Record<string, unknown> = { ...(value as object) }
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
