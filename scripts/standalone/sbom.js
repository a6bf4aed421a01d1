import { createHash } from 'node:crypto'

/** What is in an executable, as CycloneDX: the runtime, and the packages whose modules went in. */
export function sbom({ name, version, license, platform, bun, packages, executable }) {
  const bundled = packages.map((one) => ({
    type: 'library',
    'bom-ref': purl(one),
    name: one.name,
    version: one.version,
    licenses: [{ license: { id: one.license } }],
    purl: purl(one),
  }))
  const runtime = {
    type: 'platform',
    'bom-ref': `pkg:npm/%40oven/bun-${platform.runtime}@${bun}`,
    name: `@oven/bun-${platform.runtime}`,
    version: bun,
    hashes: [{ alg: 'SHA-512', content: hexOf(platform.integrity) }],
    licenses: [{ license: { id: 'MIT' } }, { license: { id: 'LGPL-2.0-only' } }],
    purl: `pkg:npm/%40oven/bun-${platform.runtime}@${bun}`,
  }
  const self = `pkg:npm/${name}@${version}`
  const parts = [...bundled, runtime]
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': self,
        name,
        version,
        licenses: [{ license: { id: license } }],
        purl: self,
        hashes: [
          { alg: 'SHA-256', content: createHash('sha256').update(executable).digest('hex') },
        ],
        properties: [{ name: 'platform', value: platform.name }],
      },
    },
    components: parts,
    dependencies: [{ ref: self, dependsOn: parts.map((part) => part['bom-ref']) }],
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function purl({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function hexOf(integrity) {
  return Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
}
