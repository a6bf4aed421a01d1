import { spawnSync } from 'node:child_process'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'

import { root } from '../../support/run.ts'
import { parseDockerfile, type Stage } from './dockerfile.ts'

export interface Image {
  /** Stands for / in the last stage. */
  readonly folder: string
  readonly workdir: string
  readonly stage: Stage
}

/** Executes a Dockerfile with plain commands: each stage is a folder, each RUN a shell. */
export function buildImage(dockerfile: string, folder: string): Image {
  const stages = parseDockerfile(readFileSync(path.join(root, dockerfile), 'utf8'))
  const built = new Map<string, string>()
  let image: Image | undefined
  for (const [index, stage] of stages.entries()) {
    const top = path.join(folder, `stage-${index}`)
    mkdirSync(top, { recursive: true })
    built.set(stage.name ?? String(index), top)
    image = { folder: top, workdir: carryOut(stage, top, built), stage }
  }
  if (image === undefined) throw new Error(`${dockerfile} has no stage`)
  return image
}

function carryOut(stage: Stage, top: string, built: ReadonlyMap<string, string>): string {
  let workdir = top
  for (const { instruction, text } of stage.steps) {
    if (instruction === 'WORKDIR') {
      workdir = path.join(top, text)
      mkdirSync(workdir, { recursive: true })
    } else if (instruction === 'COPY') {
      copy(text, { top, workdir, built })
    } else if (instruction === 'RUN') {
      run(text, workdir)
    }
  }
  return workdir
}

interface Place {
  readonly top: string
  readonly workdir: string
  readonly built: ReadonlyMap<string, string>
}

function copy(text: string, { top, workdir, built }: Place): void {
  const words = text.split(/\s+/)
  const stage = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
  const from = stage === undefined ? root : built.get(stage)
  if (from === undefined) throw new Error(`COPY from a stage that is not there: ${text}`)
  const [to = '', ...sources] = words.filter((word) => !word.startsWith('--')).toReversed()
  for (const source of sources) {
    const full = path.join(from, source)
    // A file goes into a target that ends in /; a folder's content goes into the target.
    const isInto = lstatSync(full).isFile() && to.endsWith('/')
    const target = path.join(
      to.startsWith('/') ? top : workdir,
      to,
      isInto ? path.basename(source) : '',
    )
    const isFileHere = lstatSync(full).isFile() && to === './'
    mkdirSync(path.dirname(target), { recursive: true })
    cpSync(full, isFileHere ? path.join(workdir, path.basename(source)) : target, {
      recursive: true,
      filter: (file) => stage !== undefined || !isIgnored(path.relative(root, file)),
    })
  }
}

function run(command: string, cwd: string): void {
  // Already done in this checkout; the tests must not use a registry.
  if (command.startsWith('npm ci')) return linkModules(cwd)
  const { status, stderr } = spawnSync('/bin/sh', ['-ec', command], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: cwd },
  })
  if (status !== 0) throw new Error(`RUN ${command}\n${stderr}`)
}

/** Links this checkout's packages, but links workspaces to their copies, as `npm ci` does. */
function linkModules(cwd: string): void {
  const modules = path.join(root, 'node_modules')
  mkdirSync(path.join(cwd, 'node_modules'))
  for (const name of readdirSync(modules)) {
    const source = path.join(modules, name)
    const isWorkspace = lstatSync(source).isSymbolicLink()
    symlinkSync(isWorkspace ? readlinkSync(source) : source, path.join(cwd, 'node_modules', name))
  }
}

const patterns = readFileSync(path.join(root, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ isKept: line.startsWith('!'), pattern: line.replace(/^!/, '') }))

/** The last pattern that matches the path or a parent folder decides. */
export function isIgnored(file: string): boolean {
  if (file === '') return false
  const above = file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
  const last = patterns.findLast(({ pattern }) =>
    above.some((part) => expressionOf(pattern).test(part)),
  )
  return last !== undefined && !last.isKept
}

function expressionOf(pattern: string): RegExp {
  const source = pattern
    .split('**/')
    .map((part) => part.replaceAll('.', '\\.').replaceAll('*', '[^/]*'))
    .join('(?:.*/)?')
  return new RegExp(`^${source}$`)
}
