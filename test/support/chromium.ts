import { requireTool } from './tools.ts'

export const hasChromium = requireTool('chromium')

/** Switches for a browser that makes no requests on its own. */
export const quietSwitches = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Any other request that the browser makes on its own fails.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]
