import { startWatchdog } from '../../src/deliver/watchdog.ts'

// Hangs as an uploader might, under the eyes of its watchdog.
startWatchdog([process.argv[2] ?? ''])
// The second thread needs a moment of the first to start.
setTimeout(() => {
  process.stdout.write('hangs')
  for (;;);
}, 2000)
