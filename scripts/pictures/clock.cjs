'use strict'

// Stops the clock, so that a picture shows the same times whenever it is made.
const moment = Date.parse('2026-03-14T15:09:26Z')

globalThis.Date = class extends Date {
  constructor(...parts) {
    super(...(parts.length === 0 ? [moment] : parts))
  }

  static now() {
    return moment
  }
}
