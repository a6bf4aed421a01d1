/** One event that left this machine, as it was sent. */
export interface Sent {
  readonly sent_at: string
  readonly endpoint: string
  readonly event: unknown
  /** How it was sent; absent in lines of older versions, which only posted. */
  readonly via?: 'http' | 'udp' | 'installer'
  /** False if no answer confirmed that it arrived. */
  readonly confirmed?: boolean
}

/** What is the same for all events of one call of `noteSent`. */
export interface Sending {
  readonly sentAt: string
  readonly endpoint: string
  readonly via: NonNullable<Sent['via']>
  readonly confirmed: boolean
}

/** The event goes in as the bytes that were sent, never parsed and serialised again. */
export function lineOf({ sentAt, endpoint, via, confirmed }: Sending, bytes: string): string {
  const head = `{"sent_at":${JSON.stringify(sentAt)}`
  return `${head}${departureOf(endpoint, bytes)},"via":"${via}","confirmed":${confirmed}}\n`
}

export function looksWhole(line: string): boolean {
  return line.startsWith('{"sent_at":') && line.endsWith('}')
}

export function parseLine(line: string): readonly Sent[] {
  try {
    const sent = JSON.parse(line) as Sent
    const isEvent = typeof sent.event === 'object' && sent.event !== null
    const isSent = typeof sent.sent_at === 'string' && typeof sent.endpoint === 'string'
    return isEvent && isSent ? [sent] : []
  } catch {
    return []
  }
}

/** What an event's line says besides when: where it went, and its bytes. */
export function departureOf(endpoint: string, bytes: string): string {
  return `,"endpoint":${JSON.stringify(endpoint)},"event":${bytes}`
}

export function departureIn(line: string): string {
  return line.slice(line.indexOf(',"endpoint":'), line.lastIndexOf(',"via":'))
}

/** A post that no 204 followed. */
export function isDoubtful(line: string): boolean {
  return line.endsWith(',"via":"http","confirmed":false}')
}

/** Without what is doubtful and was sent to the same address again: the last line about it stands for all. */
export function settled(lines: readonly string[]): readonly string[] {
  if (!lines.some(isDoubtful)) return lines
  const known = new Set<string>()
  const newestFirst = lines.toReversed().filter((line) => {
    if (!/,"via":"http","confirmed":(true|false)\}$/.test(line)) return true
    const departure = departureIn(line)
    const isKnown = known.has(departure)
    known.add(departure)
    return !isKnown || !isDoubtful(line)
  })
  return newestFirst.toReversed()
}
