import type { Product } from '../product/product.ts'
import { contractOf, type EventContract, oncePerProduct } from './contract.ts'
import { architectureNames, systemNames } from './platform.ts'
import { object, oneOf, optional, type TextValue } from './schema.ts'
import { clientId, nilUuid, platformName, uuid, version } from './values.ts'

export const installLabels = ['install_start', 'install_complete', 'install_failed'] as const

/** Installers use the names of `uname` and of Windows. */
export const installSystems = [...systemNames, 'darwin', 'freebsd']
export const installArchitectures = [
  ...architectureNames,
  'aarch64',
  'amd64',
  'AMD64',
  'ARM64',
  'armv7l',
  'i686',
]

export const installContracts = oncePerProduct(
  ({ name, installs }: Pick<Product, 'name' | 'installs'>): readonly EventContract[] =>
    installs
      ? [contractOf('install', `${name} install event`, installEvent, ({ cid }) => cid === nilUuid)]
      : [],
)

const release: TextValue = { ...version, or: 'unknown' }

export const installEvent = object({
  event_label: oneOf(installLabels),
  uuid: optional(uuid),
  os: oneOf(installSystems),
  arch: oneOf(installArchitectures),
  platform: optional(platformName),
  release,
  method: oneOf(['shell', 'powershell']),
  cid: optional(clientId),
})
