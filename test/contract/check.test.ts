import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { isObject } from '../../src/contract/check.ts'
import { eventContracts, recognise } from '../../src/contract/contracts.ts'
import type { Product } from '../../src/product/product.ts'
import { runmat } from '../../src/product/runmat.ts'
import { claimsOf, nearEvents, validEvents, wire } from './claims.ts'
import { isWhole, kept, nothing, rulesOf } from './oracle.ts'

const { roar } = (await import(
  /* @vite-ignore */ new URL('../../examples/roar/product.js', import.meta.url).href
)) as { readonly roar: Product }

/** One of everything, under names that the others do not have. */
const third: Product = {
  ...roar,
  id: 'third',
  name: 'Third',
  installs: true,
  runtime: { ...runmat.runtime!, runKinds: ['only'], backends: ['b'] },
}

const runs = { numRuns: 1000 }

describe.each([runmat, roar, third].map((product) => ({ name: product.name, product })))(
  'the contracts of $name',
  ({ product }) => {
    const rules = rulesOf(product)
    const contracts = eventContracts(product).map((contract) => {
      const [, rule] = Object.entries(rules).find(([end]) => contract.title.endsWith(end)) ?? []
      if (rule === undefined) throw new Error(`no rules for ${contract.title}`)
      return { ...contract, rule }
    })
    const claims = claimsOf(product)

    it.each(validEvents(product).map((event) => [JSON.stringify(event)]))(
      'accept a valid event unchanged: %.60s',
      (text) => {
        const takers = contracts.filter((one) => one.recognise(JSON.parse(text)) === text)
        expect(takers).toHaveLength(1)
      },
    )

    /** What the contracts make of a claim, and what the rules leave of it. */
    const keptOf = (claim: unknown) =>
      contracts.map(({ rule, fit, serialise }) => {
        const left = kept(rule, claim)
        const bytes = left === nothing ? undefined : JSON.stringify(left)
        return {
          made: { bytes: serialise(claim), fitted: JSON.stringify(fit(claim)) },
          wanted: { bytes, fitted: bytes },
        }
      })
    /** What the contracts say about a value, and what the rules say. */
    const judgedOf = (value: unknown) => {
      const text = JSON.stringify(value)
      const judged = contracts.map((contract) => {
        const left = kept(contract.rule, value)
        const bytes = JSON.stringify(left)
        const isEvent = left !== nothing && isWhole(left, value)
        const isShown = /"trigger":"preview"|"(cid|install_id)":"0{8}-0000-0000-0000-0{12}"/
        const isPreview = isEvent && isShown.test(bytes)
        return {
          made: {
            isEvent: contract.faultIn(value) === undefined,
            isExact: contract.isExact(value),
            isPreview: isEvent && contract.isPreview(left as never),
            bytes: contract.recognise(value),
          },
          wanted: {
            isEvent,
            isExact: isEvent && text === bytes,
            isPreview,
            bytes: isEvent && !isPreview ? bytes : undefined,
          },
        }
      })
      const [bytes] = judged.flatMap(({ wanted }) => wanted.bytes ?? [])
      return [...judged, { made: recognise(contracts, text), wanted: bytes }]
    }
    const asParsed = (claim: unknown) => JSON.parse(JSON.stringify(claim) ?? 'null') as unknown
    const parsed = claims.map(asParsed)

    it('keep what the rules allow, in their order', () => {
      fc.assert(
        fc.property(claims, (claim) => {
          for (const { made, wanted } of keptOf(claim)) expect(made).toEqual(wanted)
        }),
        runs,
      )
    })

    it('recognise an event with every required field and nothing else than the rules allow', () => {
      fc.assert(
        fc.property(parsed, (value) => {
          for (const { made, wanted } of judgedOf(value)) expect(made).toEqual(wanted)
        }),
        runs,
      )
    })

    it('decide about every edge value as the rules do', () => {
      for (const event of nearEvents(product)) {
        const all = [...keptOf(event), ...judgedOf(asParsed(event))]
        for (const { made, wanted } of all) expect(made).toEqual(wanted)
      }
    })

    it('name each part that is dropped, and the field without which there is no event', () => {
      fc.assert(
        fc.property(parsed, (value) => {
          for (const { fit, faultIn, droppedFrom } of contracts) {
            const event = fit(value)
            if (event === undefined) {
              const fault = faultIn(value, true)
              expect(isObject(value) ? fault?.field : fault).toBeTruthy()
            } else {
              expect(faultIn(value, true)).toBeUndefined()
              const dropped = droppedFrom(value as never, event)
              const left = new Set(pathsIn(event))
              const missing = pathsIn(value).filter((path) => !left.has(path))
              for (const path of dropped) expect(missing).toContain(path)
              // What is dropped is named once, and not what is inside of it as well.
              expect(
                missing.filter((path) => !isWithin(path, dropped) && !isNull(value, path)),
              ).toEqual([])
            }
          }
        }),
        runs,
      )
    })
  },
)

function pathsIn(value: unknown, prefix = ''): readonly string[] {
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, one]) => [
    prefix + name,
    ...pathsIn(one, `${prefix}${name}.`),
  ])
}

/** An optional field of an older client may be null: it says the same as one that is missing. */
function isNull(value: unknown, path: string, prefix = ''): boolean {
  if (!isObject(value)) return false
  return Object.entries(value).some(([name, one]) =>
    prefix + name === path ? one === null : isNull(one, path, `${prefix}${name}.`),
  )
}

function isWithin(path: string, dropped: readonly string[]): boolean {
  return dropped.some((one) => path === one || path.startsWith(`${one}.`))
}

describe('the contract of a finished run', () => {
  const contract = eventContracts(runmat).find(({ title }) => title.endsWith('finished'))
  const base = wire('runtime-finished-full') as { payload: object }

  it.each([
    [{ ...base, os: undefined }, 'os'],
    [{ ...base, session_id: 5, uuid: 7 }, 'uuid'],
    [{ ...base, payload: [] }, 'payload'],
    [
      { ...base, run_kind: 'lunch', payload: { ...base.payload, provider: { device: 1 } } },
      'run_kind',
    ],
  ])('names the required field that is at fault: %#', (given, fault) => {
    expect(contract?.fit(given)).toBeUndefined()
    expect(contract?.faultIn(given, true)?.field).toBe(fault)
  })

  it.each([
    [{ ...base }, []],
    [{ ...base, cid: null }, []],
    [{ ...base, cid: 'me', more: 1, most: {} }, ['cid', 'more', 'most']],
    [
      { ...base, payload: { ...base.payload, error: 'cannot open /home/me', x: 1 } },
      ['payload.error', 'payload.x'],
    ],
    [
      { ...base, payload: { ...base.payload, provider: { device: { name: 'A', serial: 1 } } } },
      ['payload.provider.device.serial'],
    ],
    [{ ...base, payload: { ...base.payload, provider: { device: 5 } } }, ['payload.provider']],
  ])('names what it drops: %#', (given, dropped) => {
    const event = contract?.fit(given) ?? {}
    expect(contract?.droppedFrom(given, event)).toEqual(dropped)
  })

  it.each([
    [{ ...base, payload: { ...base.payload, gpu_ratio: 2 } }, 'payload.gpu_ratio', 'number'],
    [{ ...base, cid: null }, 'cid', 'text'],
    [{ ...base, more: 1 }, 'more', undefined],
    [{ ...base, payload: { ...base.payload, x: 1 } }, 'payload.x', undefined],
    [[base], '', 'object'],
  ])('names the first field that is wrong: %#', (given, field, kind) => {
    const fault = contract?.faultIn(given)
    expect([fault?.field, fault?.wanted?.kind]).toEqual([field, kind])
  })

  it('reads each value once, and no inherited one', () => {
    let reads = 0
    const claim = {
      ...base,
      get cid() {
        reads += 1
        return reads === 1 ? 'eac98648-3b42-41c7-a887-7452dd08cbf0' : 'somebody'
      },
    }
    expect(contract?.serialise(claim)).toContain('eac98648')
    expect(reads).toBe(1)
    const { cid: _, ...rest } = { ...base, cid: '' }
    const heir = Object.assign(Object.create({ cid: '63b4b9a8-5f2b-4cef-95c1-c6e2b8f6c04c' }), rest)
    expect(contract?.serialise(heir)).not.toContain('63b4b9a8')
  })

  it('treats a value that throws as missing', () => {
    const claim = Object.defineProperty({ ...base }, 'release', {
      enumerable: true,
      get: () => {
        throw new Error('not for you')
      },
    })
    expect(contract?.serialise(claim)).toBe(contract?.serialise({ ...base, release: undefined }))
  })
})
