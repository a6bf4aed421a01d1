// Preloaded into a process: writes down the most memory it ever held. The kernel's own mark, because
// process.resourceUsage() goes on counting what the parent held before the program was loaded.
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  let kilobytes = process.resourceUsage().maxRSS
  try {
    const [, mark] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    kilobytes = Number(mark ?? kilobytes)
  } catch {
    // No Linux: the other figure has to do.
  }
  writeFileSync(process.env.PEAK_FILE, String(kilobytes))
})
