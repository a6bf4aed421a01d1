import * as v from 'valibot'

import { clientId, field, nilUuid, oneOf, platformName, randomUuid, version } from './atoms.ts'
import { type Contract, contractOf } from './contract.ts'
import { oncePerProduct } from './once.ts'
import { installArchitectures, installSystems } from './platform.ts'

export const installLabels = ['install_start', 'install_complete', 'install_failed'] as const

export const installContracts = oncePerProduct(({ name, installs }): readonly Contract[] => {
  if (!installs) return []
  const isPreview = ({ cid }: Readonly<Record<string, unknown>>) => cid === nilUuid
  return [contractOf('install', `${name} install event`, installSchema(), isPreview)]
})

/** @internal */
export function installSchema() {
  return v.strictObject({
    event_label: field(
      oneOf(installLabels),
      'Which step of the installation this is.',
      'Shows whether installs succeed.',
    ),
    uuid: v.optional(
      field(
        randomUuid,
        'Random UUID, new for every event.',
        'Lets the collector count an event once even if it arrives twice.',
      ),
    ),
    os: field(oneOf(installSystems), 'Operating system.', 'Shows where installs fail.'),
    arch: field(oneOf(installArchitectures), 'Class of processor.', 'Shows where installs fail.'),
    platform: v.optional(
      field(platformName, 'The release that was chosen.', 'Shows whether the right one is found.'),
    ),
    release: field(
      v.union([version, v.literal('unknown')]),
      'The version that is being installed.',
      'Shows which releases have trouble.',
    ),
    method: field(
      oneOf(['shell', 'powershell']),
      'Which installer ran.',
      'Shows which installer has trouble.',
    ),
    cid: v.optional(
      field(
        clientId,
        'The client id: a random UUID made on this machine.',
        'Tells "one machine ten times" from "ten machines once".',
      ),
    ),
  })
}
