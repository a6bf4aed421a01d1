import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { generate } from 'selfsigned'

export interface Certificates {
  /** What a client must trust; a PEM text and a file of it for NODE_EXTRA_CA_CERTS. */
  readonly ca: string
  readonly caFile: string
  /** For a server on this machine. */
  readonly key: string
  readonly cert: string
  readonly remove: () => void
}

export interface CertificateOptions {
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  readonly expired?: boolean
}

const day = 24 * 60 * 60 * 1000

const elliptic = { keyType: 'ec', algorithm: 'sha256' } as const

/** An authority made on the spot, and a certificate of it, for this machine unless told otherwise. */
export async function makeCertificates({
  names = ['localhost'],
  addresses = ['127.0.0.1', '::1'],
  expired = false,
}: CertificateOptions = {}): Promise<Certificates> {
  const authority = await generate([{ name: 'commonName', value: 'Authority for tests' }], {
    ...elliptic,
    ...validUntil(Date.now() + day),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  })
  const server = await generate([{ name: 'commonName', value: 'Server for tests' }], {
    ...elliptic,
    ...validUntil(expired ? Date.now() - day : Date.now() + day),
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2, value }) as const),
          ...addresses.map((ip) => ({ type: 7, ip }) as const),
        ],
      },
    ],
  })
  const folder = mkdtempSync(path.join(tmpdir(), 'certificates-'))
  const caFile = path.join(folder, 'ca.pem')
  writeFileSync(caFile, authority.cert)
  return {
    ca: authority.cert,
    caFile,
    key: server.private,
    cert: server.cert,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function validUntil(end: number) {
  return { notBeforeDate: new Date(end - 7 * day), notAfterDate: new Date(end) }
}
