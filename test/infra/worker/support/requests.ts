import { key } from './stage.ts'

export interface Said {
  readonly status: number
  readonly headers: Headers
  /** Undefined without a body. */
  readonly body: Refusal | undefined
}

export interface Refusal {
  readonly error: string
  readonly reason: string
  readonly field?: string
  readonly stored?: number
  readonly lines?: readonly (Refusal & { readonly line: number; readonly status: number })[]
}

export interface RequestOptions {
  readonly path?: string
  readonly method?: string
  /** Null sends none. */
  readonly key?: string | null
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const json = 'application/json'
export const ndjson = 'application/x-ndjson'

export function requestOf(
  body: string | Uint8Array | undefined,
  { path = '/v1/t', method = 'POST', key: sent = key, type = json, headers }: RequestOptions = {},
  base = 'http://worker.invalid',
): Request {
  return new Request(`${base}${path}`, {
    method,
    headers: {
      'Content-Type': type,
      ...(sent !== null && { 'x-telemetry-key': sent }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  })
}

export async function saidIn(response: Response): Promise<Said> {
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as Refusal),
  }
}
