// Preloaded into a process to record its peak memory and its processor time. Uses the kernel's own
// figure of the memory, because process.resourceUsage() includes what the parent used before the
// program was loaded.
import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  let kilobytes = process.resourceUsage().maxRSS
  try {
    const [, mark] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    kilobytes = Number(mark ?? kilobytes)
  } catch {
    // Not on Linux, so use the other figure.
  }
  const usage = { megabytes: kilobytes / 1024, seconds: (user + system) / 1e6 }
  writeFileSync(process.env.USAGE_FILE, JSON.stringify(usage))
})
