// The licences of what is bundled, for those who get the bundle.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The folder of the package that a bundled module comes from; undefined for our own. */
function packageOf(module) {
  const [, folder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(module) ?? []
  return folder !== undefined && existsSync(path.join(folder, 'package.json')) ? folder : undefined
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  )
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence that could be passed on`)
  return `${name} ${version} (${license})\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n`
}

export function writeNotices(file, modules) {
  const folders = [...new Set([...modules].flatMap((module) => packageOf(module) ?? []))].sort()
  writeFileSync(file, folders.map(noticeOf).join(`\n${'-'.repeat(72)}\n\n`))
}
