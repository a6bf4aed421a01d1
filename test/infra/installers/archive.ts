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
