// Prints the changelog's section for this version, and fails if the tag is for another one:
// `node scripts/release/notes.js v1.2.3`.
import { readFileSync } from 'node:fs'

const [tag] = process.argv.slice(2)
const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, the package is ${version}`)
const sections = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m)
const own = sections.find((section) => section.startsWith(`[${version}]`))
if (own === undefined) throw new Error(`CHANGELOG.md says nothing of ${version}`)
console.log(own.replace(/^.*\n/, '').trim())
