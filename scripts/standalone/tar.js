import { gzipSync } from 'node:zlib'

const block = 512

/** A compressed archive without times, paths and owners of the build. */
export function tarball(folder, files) {
  const entries = files.map(({ name, content, executable }) => {
    const padding = Buffer.alloc((block - (content.length % block)) % block)
    const head = header(`${folder}/${name}`, content.length, executable ? 0o755 : 0o644)
    return Buffer.concat([head, content, padding])
  })
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * block)]), { level: 9 })
}

function header(name, size, mode) {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for an archive`)
  const head = Buffer.alloc(block)
  const octal = (value, digits) => value.toString(8).padStart(digits, '0')
  head.write(name, 0)
  head.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100)
  head.write(`${octal(size, 11)} ${octal(0, 11)} `, 124)
  head.write('        0', 148)
  head.write('ustar\u000000', 257)
  const sum = head.reduce((total, byte) => total + byte, 0)
  head.write(`${octal(sum, 6)}\0 `, 148)
  return head
}
