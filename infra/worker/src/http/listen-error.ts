/** Why the worker can't listen, in words for its operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

export function listenError(
  { host, port }: { readonly host: string | undefined; readonly port: number },
  error: unknown,
): ListenError {
  const { code = String(error) } = error as NodeJS.ErrnoException
  const place = host === undefined ? `port ${port}` : `${host}, port ${port}`
  const [reason, variable] = reasons.get(code) ?? ['it failed', 'PORT or HOST']
  return new ListenError(`Can't listen on ${place}: ${reason} (${code}). Set ${variable}.`)
}

const reasons: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['EADDRINUSE', ['another program does', 'PORT']],
  ['EACCES', ['this user may not', 'PORT']],
  ['EADDRNOTAVAIL', ['this machine has no such address', 'HOST']],
  ['ENOTFOUND', ['there is no host of that name', 'HOST']],
])
