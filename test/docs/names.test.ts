import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { failureReasons } from '../../infra/common/src/http-poster.ts'
import { malformations } from '../../infra/udp-forwarder/src/datagram.ts'
import { reasons } from '../../infra/worker/src/intake/answer.ts'
import { metrics } from '../infra/monitoring/names.ts'
import { variablesReadBy } from '../infra/variables.ts'
import { root } from '../support/run.ts'
import { filesIn, variablesIn } from './mdoc.ts'

const page = textAt('man/runmat-telemetry.1')
const settings = textAt('docs/SETTINGS.md')
const source = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => textAt(`src/${name}`))
  .join('\n')

describe('what the program keeps beside the counters', () => {
  const inFolder = /path\.join\((?:state|path\.dirname\(stats\)), '([^']+)'\)/g
  const kept = matchesOf(inFolder, source)

  it.each(kept)('%s is in docs/SETTINGS.md and in the man page', (name) => {
    expect(tableOf(settings).map(withoutSlash)).toContain(name)
    expect(filesIn(page).map(withoutSlash)).toContain(name)
  })

  it('is all that the table of files in docs/SETTINGS.md lists', () => {
    const [, files = ''] = settings.split('"Everything else" is:')
    expect(tableOf(files).map(withoutSlash).toSorted()).toEqual(kept.toSorted())
  })
})

/** With these nobody tells us anything. */
const surroundings = new Set(['PATH', 'Path', 'PSModulePath', 'REQUEST_METHOD'])

describe('a variable that the program reads', () => {
  const read = matchesOf(/\benv\['(\w+)'\]/g, source).filter(
    (name) => !surroundings.has(name) && !/^[a-z]/.test(name),
  )

  it.each(read)('%s is in docs/SETTINGS.md and in the man page', (name) => {
    expect(tableOf(settings)).toContain(name)
    expect(variablesIn(page)).toContain(name)
  })

  it('in the man page is in docs/SETTINGS.md, too', () => {
    const inTable = new Set(tableOf(settings))
    expect(variablesIn(page).filter((name) => !inTable.has(name))).toEqual([])
  })
})

describe('the tables of the services list the variables that are read, and no others:', () => {
  it.each(['worker', 'udp-forwarder'])('%s', (service) => {
    const buffer = variablesReadBy('buffer')
    const own = [...variablesReadBy(service)].filter((name) => !buffer.has(name))
    // The buffer's are in one table, the worker's.
    const read = service === 'worker' ? [...own, ...buffer] : own
    const listed = tableOf(textAt(`infra/${service}/README.md`)).filter((name) =>
      /^[A-Z][A-Z0-9_]+$/.test(name),
    )
    expect([...new Set(listed)].toSorted()).toEqual(read.toSorted())
  })

  it('installers', () => {
    const scripts = ['install.sh', 'install.ps1'].map((name) => textAt(`infra/installers/${name}`))
    // An opt-out, and the file that may hold one.
    const consent = new Set(['RUNMAT_NO_TELEMETRY', 'RUNMAT_TELEMETRY', 'RUNMAT_CONFIG'])
    const listed = tableOf(textAt('infra/installers/README.md')).map((name) =>
      name.replace(/=.*/, ''),
    )
    for (const script of scripts) {
      const read = matchesOf(/(?:\$\{?|\$env:|Variable\(')(RUNMAT_\w+)/g, script)
      expect(read.filter((name) => !consent.has(name)).toSorted()).toEqual(listed.toSorted())
    }
  })
})

describe('the documents of the services', () => {
  const readmes = ['', 'worker/', 'udp-forwarder/', 'report/'].map((folder) =>
    textAt(`infra/${folder}README.md`),
  )

  it('name only metrics that there are', () => {
    const named = matchesOf(/`(telemetry_[a-z0-9_]*[a-z0-9])[`{]/g, readmes.join('\n'))
    const others = new Set(['telemetry_facts', 'telemetry_facts_roar'])
    expect(named.filter((name) => !others.has(name) && !metrics.has(name))).toEqual([])
  })

  it.each(reasons)('explain the reason %s of an answer', (reason) => {
    const [, answers = ''] = readmes[0]?.split('## What each answer means') ?? []
    expect(answers).toContain(`\`${reason}\``)
  })

  it.each([...malformations, ...failureReasons])(
    'explain what becomes of a datagram: %s',
    (reason) => {
      expect(readmes[2]).toContain(`\`${reason}\``)
    },
  )
})

function textAt(name: string): string {
  return readFileSync(path.join(root, name), 'utf8')
}

function matchesOf(form: RegExp, text: string): readonly string[] {
  return [...new Set([...text.matchAll(form)].map(([, name = '']) => name))]
}

/** The names in code in the first column of a document's tables. */
function tableOf(document: string): readonly string[] {
  const cells = [...document.matchAll(/^\|([^|]*)\|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => matchesOf(/`([^`]+)`/g, cell))
}

function withoutSlash(name: string): string {
  return name.replace(/\/$/, '')
}
