// The licences of everything in the bundle.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The packages of the bundled modules, without our own, sorted. */
export function packagesIn(modules) {
  const folders = [...new Set([...modules].flatMap((module) => folderOf(module) ?? []))]
  return folders.sort().map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(path.join(folder, 'package.json'), 'utf8'),
    )
    return { name, version, license, folder }
  })
}

function folderOf(module) {
  const [, folder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(module) ?? []
  return folder !== undefined && existsSync(path.join(folder, 'package.json')) ? folder : undefined
}

/** All their licences and other notices. */
export function noticesOf(packages, ...others) {
  return [...packages.map(noticeOf), ...others].join(`\n${'-'.repeat(72)}\n\n`)
}

function noticeOf({ name, version, license, folder }) {
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence that could be passed on`)
  return `${name} ${version} (${license})\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n`
}
