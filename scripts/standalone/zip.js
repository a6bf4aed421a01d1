import { deflateRawSync } from 'node:zlib'

/** The earliest time in this format: 1980-01-01. */
const when = { time: 0, date: 0x21 }

/** An archive that Windows can open, without the time of the build. */
export function zip(folder, files) {
  const entries = []
  let offset = 0
  for (const { name, content } of files) {
    const path = Buffer.from(`${folder}/${name}`)
    const packed = deflateRawSync(content, { level: 9 })
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0) // the version that can unpack it
    facts.writeUInt16LE(0x800, 2) // names are UTF-8
    facts.writeUInt16LE(8, 4) // deflated
    facts.writeUInt16LE(when.time, 6)
    facts.writeUInt16LE(when.date, 8)
    facts.writeUInt32LE(crc32(content), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(content.length, 18)
    facts.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), facts, path, packed])
    const where = Buffer.alloc(14)
    where.writeUInt32LE(offset, 10)
    const listed = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\0'), facts, where, path])
    entries.push({ local, listed })
    offset += local.length
  }
  const list = Buffer.concat(entries.map(({ listed }) => listed))
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...entries.map(({ local }) => local), list, end])
}

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

// Node has this built in only since 20.15.
function crc32(bytes) {
  let sum = 0xffffffff
  // By index, because iterating over a hundred million bytes is slow.
  for (let at = 0; at < bytes.length; at += 1) sum = table[(sum ^ bytes[at]) & 0xff] ^ (sum >>> 8)
  return (sum ^ 0xffffffff) >>> 0
}
