/** The id by which a collector recognizes a repeated event. Each family has its own key for it. */
export function eventIdIn(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return undefined
  const { event_id: id, uuid } = event as { readonly event_id?: unknown; readonly uuid?: unknown }
  return id ?? uuid
}
