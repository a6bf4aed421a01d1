import { zipSync } from 'fflate'

/** The earliest time in this format, which is written without a zone: the same on every machine. */
const mtime = new Date(1980, 0, 1)

/** An archive that Windows can open, without the time of the build. */
export function zip(folder, files) {
  const members = files.map(({ name, content }) => [`${folder}/${name}`, content])
  return zipSync(Object.fromEntries(members), { level: 9, mtime })
}
