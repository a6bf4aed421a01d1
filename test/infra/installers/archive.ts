import { gzipSync } from 'node:zlib'

/** One member of an archive: what it holds, or where it points to. */
export interface Member {
  readonly name: string
  readonly text?: string | Uint8Array
  readonly link?: string
}

/** A tar.gz with exactly these members, also with such that no tar program would write. */
export function archive(...members: readonly Member[]): Buffer {
  const blocks = members.flatMap((member) => {
    const content = Buffer.from(member.text ?? '')
    return [header(member, content.length), content, Buffer.alloc(-content.length & 511)]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

function header({ name, link }: Member, size: number): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0, 100)
  block.write('0000755\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${octal(size, 11)}\0`, 124)
  block.write(`${octal(1_700_000_000, 11)}\0`, 136)
  block.write(' '.repeat(8), 148)
  block.write(link === undefined ? '0' : '2', 156)
  block.write(link ?? '', 157, 100)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0')
}

/** A zip with exactly these members, stored as they are. */
export function zip(...members: readonly Member[]): Buffer {
  const entries: { local: Buffer; listed: Buffer }[] = []
  let offset = 0
  for (const { name, text = '' } of members) {
    const content = Buffer.from(text)
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(0x800, 2)
    facts.writeUInt16LE(0x21, 8)
    facts.writeUInt32LE(crc32(content), 10)
    facts.writeUInt32LE(content.length, 14)
    facts.writeUInt32LE(content.length, 18)
    facts.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), facts, Buffer.from(name), content])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    const start = Buffer.from('PK\u0001\u0002\u0014\0')
    entries.push({ local, listed: Buffer.concat([start, facts, place, Buffer.from(name)]) })
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

// Node has one of its own only since 20.15.
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return (sum ^ 0xffffffff) >>> 0
}
