/** An edit that cannot be made without damage; the document stays as it was. */
export class TomlEditError extends Error {
  override readonly name = 'TomlEditError'
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.line = line
  }
}
