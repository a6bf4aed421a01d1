import { noteSent } from '../../src/store/ledger.ts'

// Appends events to a ledger when told to: `note.mjs <file> <name> <count> <bytes>`.
const [file = '', name = '', count = '0', bytes = '0'] = process.argv.slice(2)
process.stdin.once('data', () => {
  for (let index = 0; index < Number(count); index += 1) {
    const sending = {
      sentAt: '2026-01-01T00:00:00Z',
      endpoint: 'http://127.0.0.1:1/',
      via: 'http',
      confirmed: true,
    } as const
    noteSent(file, sending, JSON.stringify({ name, index, filler: 'x'.repeat(Number(bytes)) }))
  }
  process.stdin.destroy()
})
process.stdout.write('ready ')
