import type { Contract } from '../contract/contract.ts'
import { facts } from './facts.ts'
import { fitTable } from './fit-table.ts'

// Stands in the bundle where record/run.ts asks for contract/runtime.ts: the same labels and the
// same bytes, from tables that were made of the same schemas. See scripts/build.js.

export const { runStarted, runFinished } = facts

const contracts = facts.contracts.map(({ labels, table }) => ({
  labels,
  serialise: (claim: unknown): string | undefined => {
    const event = fitTable(table, claim)
    return event === undefined ? undefined : JSON.stringify(event)
  },
}))

export function runtimeContracts(): readonly Pick<Contract, 'labels' | 'serialise'>[] {
  return contracts
}
