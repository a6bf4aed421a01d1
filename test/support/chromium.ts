import { requireTool } from './tools.ts'

export const hasChromium = requireTool('chromium')

/** A browser that asks nobody for anything on its own. */
export const quietSwitches = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever a browser may want to ask on its own, it finds nobody.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]
