import { type EnvironmentReader, problemOfAddress } from 'runmat-telemetry-common/environment'

export function tokenIn({ text, fault }: EnvironmentReader, name: string): string | undefined {
  const given = text(name)
  if (given === undefined || isToken(given)) return given
  return fault(name, 'must be visible ASCII characters without spaces')
}

export function addressIn(
  { text, fault }: EnvironmentReader,
  name: string,
  otherwise: string,
): string {
  const given = text(name) ?? otherwise
  const problem = problemOfAddress(given, 'https://example.invalid', thisMachine)
  if (problem !== undefined) fault(name, problem)
  return given
}

const thisMachine = {
  what: 'this machine',
  is: (name: string) => ['localhost', '127.0.0.1', '[::1]'].includes(name),
}

export function isToken(text: string): boolean {
  return /^[\u0021-\u007e]+$/.test(text)
}
