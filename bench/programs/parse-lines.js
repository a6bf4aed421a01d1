// What nothing that reads JSON in Node can do without.
import { closeSync, openSync, readSync } from 'node:fs'

const [file] = process.argv.slice(2)
const handle = openSync(file)
const buffer = Buffer.allocUnsafe(262_144)
let held = 0
for (;;) {
  const count = readSync(handle, buffer, held, buffer.length - held, null)
  if (count === 0) break
  const bytes = held + count
  const end = buffer.lastIndexOf(10, bytes - 1) + 1
  for (const line of buffer.latin1Slice(0, end).split('\n')) if (line !== '') JSON.parse(line)
  held = buffer.copy(buffer, 0, end, bytes)
}
closeSync(handle)
