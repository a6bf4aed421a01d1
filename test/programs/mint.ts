import { mintClientId } from '../../src/store/client-id.ts'

// Starts when told to, so that several start at once.
process.stdin.once('data', () => {
  process.stdout.write(mintClientId(process.argv[2] ?? ''))
  process.exitCode = 0
  process.stdin.destroy()
})
process.stdout.write('ready ')
