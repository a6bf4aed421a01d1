import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { expect, it } from 'vitest'

import * as source from '../src/entry/library.ts'
import { root } from './support/run.ts'

it('the built library exports every name of its source and no other', async () => {
  const built = (await import(pathToFileURL(path.join(root, 'dist/index.js')).href)) as object
  expect(Object.keys(built).toSorted()).toEqual(Object.keys(source).toSorted())
})
