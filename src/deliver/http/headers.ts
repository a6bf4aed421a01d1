/** The headers of every event. The key never appears anywhere else. */
export function headersFor(userAgent: string, key: string | undefined): Record<string, string> {
  return {
    'user-agent': userAgent,
    ...(key === undefined ? {} : { 'x-telemetry-key': key }),
  }
}
