const lineBreak = 0x0a

/**
 * Events as lines of NDJSON, in memory of a fixed size that is reused. What a batch takes doesn't depend
 * on what arrives.
 */
export class Batch {
  readonly #bytes: Buffer
  #length = 0
  #lines = 0
  /** How many events the next post carries: all, unless the worker refused or failed at more. */
  share = Number.POSITIVE_INFINITY
  /** Failed posts of its first event alone, while the worker stored others: see poison-event.ts. */
  faults = 0
  storedElsewhere = -1

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  get lines(): number {
    return this.#lines
  }

  get length(): number {
    return this.#length
  }

  hasRoomFor(line: Uint8Array): boolean {
    return this.#length + line.length + 1 <= this.#bytes.length
  }

  append(line: Uint8Array): void {
    this.#bytes.set(line, this.#length)
    this.#length += line.length
    this.#bytes[this.#length] = lineBreak
    this.#length += 1
    this.#lines += 1
  }

  /** What the next post carries. Not valid after the batch changes. */
  get posted(): { readonly body: Buffer; readonly lines: number } {
    const lines = Math.min(this.share, this.#lines)
    const end = lines === this.#lines ? this.#length : this.#endOf(lines)
    return { body: this.#bytes.subarray(0, end), lines }
  }

  /** Removes the first `lines` lines except those that stay. Lines are counted from 1. */
  settle(lines: number, stays: (line: number) => boolean = () => false): void {
    let read = 0
    let written = 0
    let kept = 0
    for (let line = 1; line <= lines; line += 1) {
      const end = this.#bytes.indexOf(lineBreak, read) + 1
      if (stays(line)) {
        this.#bytes.copyWithin(written, read, end)
        written += end - read
        kept += 1
      }
      read = end
    }
    this.#bytes.copyWithin(written, read, this.#length)
    this.#length -= read - written
    this.#lines -= lines - kept
  }

  /** Appends the other batch's lines. The caller has checked that they fit. */
  absorb(other: Batch): void {
    other.#bytes.copy(this.#bytes, this.#length, 0, other.#length)
    this.#length += other.#length
    this.#lines += other.#lines
  }

  clear(): void {
    this.#length = 0
    this.#lines = 0
    this.share = Number.POSITIVE_INFINITY
    this.faults = 0
    this.storedElsewhere = -1
  }

  #endOf(lines: number): number {
    let end = 0
    for (let line = 0; line < lines; line += 1) end = this.#bytes.indexOf(lineBreak, end) + 1
    return end
  }
}
