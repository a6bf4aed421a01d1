// Preloaded into a process to record its peak memory. Uses the kernel's own figure, because
// process.resourceUsage() includes what the parent used before the program was loaded.
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  let kilobytes = process.resourceUsage().maxRSS
  try {
    const [, mark] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    kilobytes = Number(mark ?? kilobytes)
  } catch {
    // Not on Linux, so use the other figure.
  }
  writeFileSync(process.env.PEAK_FILE, String(kilobytes))
})
