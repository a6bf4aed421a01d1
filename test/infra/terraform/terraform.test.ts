import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { readSettings as readForwarderSettings } from '../../../infra/udp-forwarder/src/settings.ts'
import { readSettings as readWorkerSettings } from '../../../infra/worker/src/settings.ts'
import {
  type Block,
  find,
  folder,
  readConfiguration,
  render,
  textOf,
  type Value,
} from './configuration.ts'
import { variablesReadBy } from '../variables.ts'
import { faultsOf } from './layout.ts'

const configuration = readConfiguration()
const { files, variables, outputs, locals, resources } = configuration
const text = files.map((file) => file.text.replaceAll(/^\s*#.*/gm, '')).join('\n')
const references = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match.slice(1))
const resource = (address: string): Block => resources.get(address) ?? {}
const byType = (type: string) =>
  [...resources].filter(([address]) => address.startsWith(`${type}.`))

/** Attributes that Google sets on a resource, as far as we use them. */
const told: Readonly<Record<string, readonly string[]>> = {
  google_service_account: ['email', 'member'],
  google_compute_address: ['address'],
  google_compute_global_address: ['address'],
  google_compute_instance_template: ['self_link_unique'],
  google_compute_region_instance_group_manager: ['instance_group'],
  google_dns_managed_zone: ['name_servers'],
  google_artifact_registry_repository: ['name'],
  google_monitoring_uptime_check_config: ['uptime_check_id'],
  google_project: ['number'],
  google_compute_image: ['self_link'],
}

describe('the configuration for Google Cloud', () => {
  it.each(files)('has $name formatted as `terraform fmt` would', (file) => {
    expect(faultsOf(file.text)).toEqual([])
  })

  it('has no dangling reference', () => {
    const missing = [
      ...references(/\bvar\.(\w+)/g).flatMap(([name = '']) => (name in variables ? [] : name)),
      ...references(/\blocal\.(\w+)/g).flatMap(([name = '']) => (name in locals ? [] : name)),
      ...references(/\bmodule\.(\w+)/g).flat(),
      ...references(/\b(?:(data)\.)?(google_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?/g)
        .filter(([data, type = '', name = '', attribute = 'id']) => {
          const block = resources.get(`${data === undefined ? '' : 'data.'}${type}.${name}`)
          return !(
            block &&
            (attribute === 'id' || attribute in block || told[type]?.includes(attribute))
          )
        })
        .map((parts) => parts.join('.')),
    ]
    expect(missing).toEqual([])
  })

  it('has no unused variable, local or data source', () => {
    const unused = [
      ...Object.keys(variables).filter((name) => !used(`var.${name}`, `variable "${name}"`)),
      ...Object.keys(locals).filter((name) => !used(`local.${name}`, '')),
      ...[...resources.keys()].filter((name) => name.startsWith('data.') && !used(name, '')),
    ]
    expect(unused).toEqual([])
  })

  it.each(Object.entries(variables))(
    'describes, types and validates the variable %s',
    (_, block) => {
      expect(block['description']).toMatch(/^[A-Z].*\.$/)
      expect(block['type']).toMatch(/^\$\{(string|number|bool|list\(string\))\}$/)
      if (block['type'] === '${bool}') return
      for (const check of [block['validation']].flat() as Block[]) {
        expect(check['condition']).toBeTypeOf('string')
        expect(check['error_message']).toMatch(/^.+\.$/)
      }
    },
  )

  it.each(Object.entries(outputs))('describes the output %s', (_, block) => {
    expect(block['description']).toMatch(/^[A-Z].*\.$/)
  })

  it('contains no project, person or secret', () => {
    const strays = text.match(
      /ph[cx]_\w+|AIza[\w-]{30,}|-----BEGIN|\b[\w.+-]+@[\w-]+\.\w+|projects\/(?!\$)[a-z][\w-]+|"(?=[^"]*\d)[A-Za-z\d+/=-]{32,}"/g,
    )
    expect(strays).toBeNull()
    expect(byType('google_secret_manager_secret_version')).toEqual([])
    expect(text).not.toMatch(/sensitive|secret_data/)
  })

  it('has an example that sets every variable without a default and nothing unknown', () => {
    const example = readFileSync(path.join(folder, 'terraform.tfvars.example'), 'utf8')
    expect(faultsOf(example)).toEqual([])
    const set = [...example.matchAll(/^(\w+) +=/gm)].map(([, name = '']) => name)
    expect(set.filter((name) => !(name in variables))).toEqual([])
    const needed = Object.keys(variables).filter((name) => !('default' in (variables[name] ?? {})))
    expect(set).toEqual(expect.arrayContaining(needed))
  })
})

describe('monitoring', () => {
  it('has a collector beside every worker, at the port where its metrics are', () => {
    for (const name of ['worker', 'deliver']) {
      const service = resource(`google_cloud_run_v2_service.${name}`)
      const [worker, collector, ...more] = find(service, 'containers') as Block[]
      expect([worker?.['name'], collector?.['name'], more]).toEqual(['worker', 'metrics', []])
      // The collector asks port 8080 for /metrics unless it is told otherwise.
      expect(find(worker?.['ports'], 'container_port')).toEqual([8080])
      expect(collector).toMatchObject({ image: '${var.metrics_image}', depends_on: ['worker'] })
    }
    const { role, for_each: members } = resource('google_project_iam_member.metrics')
    expect(role).toBe('roles/monitoring.metricWriter')
    for (const name of ['worker', 'deliver']) {
      expect(JSON.stringify(members)).toContain(`google_service_account.${name}.member`)
    }
  })

  it('takes its alerts from the rules that Prometheus gets', () => {
    const rules = readFileSync(path.join(folder, '../monitoring/alerts.yaml'), 'utf8')
    const names = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
    const { alerts } = locals
    expect(alerts).toContain('/../monitoring/alerts.yaml')
    const left = [...textOf(alerts).matchAll(/"([A-Z]\w+)"/g)].map(([, name = '']) => name)
    expect(left.filter((name) => !names.includes(name))).toEqual([])
    expect(names.filter((name) => !left.includes(name))).toEqual([
      'KeysRefused',
      'FamilySilent',
      'FieldsDropped',
    ])
    const severities = [...rules.matchAll(/severity: (\w+)/g)].map(([, name]) => name)
    expect(['critical', 'error', 'warning']).toEqual(expect.arrayContaining(severities))
  })
})

describe('the hosts', () => {
  it('have records here if they are in our zone, and one address each', () => {
    for (const [record, host] of [
      ['worker_ipv4', 'worker_host'],
      ['worker_ipv6', 'worker_host'],
      ['udp', 'udp_host'],
    ] as const) {
      expect(resource(`google_dns_record_set.${record}`)).toMatchObject({
        for_each: `\${setintersection(local.own_names, [local.${host}])}`,
        name: '${each.value}.',
      })
    }
    expect(render('${local.worker_host} ${local.udp_host}', configuration)).toBe(
      'stand-in.example udp.stand-in.example',
    )
  })
})

describe('a client’s address', () => {
  it('is in no log of a load balancer', () => {
    const balanced = [
      ...byType('google_compute_backend_service'),
      ...byType('google_compute_region_backend_service'),
      ...byType('google_compute_router_nat'),
    ]
    expect(balanced).toHaveLength(3)
    for (const [, block] of balanced) expect(find(block, 'enable')).toEqual([false])
  })

  it('is in no log of the network', () => {
    for (const type of ['google_compute_subnetwork', 'google_compute_firewall']) {
      for (const [, block] of byType(type)) expect(block).not.toHaveProperty('log_config')
    }
    expect(find(resource('google_dns_managed_zone.telemetry'), 'enable_logging')).toEqual([false])
  })

  it('is in no request log of Cloud Run', () => {
    const { filter } = resource('google_logging_project_exclusion.worker_requests')
    const { name } = resource('google_cloud_run_v2_service.worker')
    expect(filter).toContain('log_id("run.googleapis.com/requests")')
    expect(filter).toContain(`resource.labels.service_name="${textOf(name)}"`)
    expect(filter).not.toContain(' OR ')
  })
})

describe('the network', () => {
  it('admits only datagrams and health checks', () => {
    const rules = byType('google_compute_firewall').map(([, block]) => ({
      from: block['source_ranges'],
      what: find(block, 'protocol').concat(find(block, 'ports')),
    }))
    expect(rules).toHaveLength(4)
    expect(rules).toEqual(
      expect.arrayContaining([
        { from: ['0.0.0.0/0'], what: ['udp', '${tostring(var.udp_port)}'] },
        { from: '${local.health_check_ranges}', what: ['tcp', '${tostring(var.health_port)}'] },
        // The buffer's and ClickHouse's rules, only from our own network.
        { from: ['${var.subnet_range}'], what: ['tcp', '4222', '6222'] },
        { from: ['${var.subnet_range}'], what: ['tcp', '8443', '9010', '9234', '9281'] },
      ]),
    )
    expect(locals['health_check_ranges']).toEqual([
      '35.191.0.0/16',
      '130.211.0.0/22',
      '209.85.152.0/22',
      '209.85.204.0/22',
    ])
  })
})

describe('the services', () => {
  it('give the worker variables that it reads, with valid values', () => {
    const { template } = resource('google_cloud_run_v2_service.worker')
    const plain = find(template, 'env').filter((env) => typeof env === 'object') as Block[]
    const given = Object.fromEntries(
      plain
        .filter((env) => 'value' in env)
        .map((env) => [textOf(env['name']), valueOf(env['value'])]),
    )
    const secrets = [...textOf(locals['worker_secrets']).matchAll(/\b([A-Z][A-Z_]+)\s*=/g)]
    const names = [...Object.keys(given), ...secrets.map(([, name = '']) => name)]
    expect(names.toSorted()).toEqual([
      'EVENTS_DIR',
      'GA_API_SECRET',
      'GA_MEASUREMENT_ID',
      'INGESTION_KEY',
      'MAX_BODY_BYTES',
      'POSTHOG_API_KEY',
      'POSTHOG_HOST',
      'TRUST_PROXY',
    ])
    expect(names.filter((name) => !variablesReadBy('worker').has(name))).toEqual([])
    const settings = readWorkerSettings({ ...given, INGESTION_KEY: 'a,b', POSTHOG_API_KEY: 'c' })
    expect(settings).toMatchObject({ trustProxy: 2, sink: { kind: 'posthog' }, ga4: undefined })
  })

  it('give the forwarder variables that it reads, with valid values', () => {
    const script = render(textOf(locals['forwarder_prepare']), configuration)
    const given = Object.fromEntries(
      [...script.matchAll(/^([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    )
    expect(
      Object.keys(given).filter((name) => !variablesReadBy('udp-forwarder').has(name)),
    ).toEqual([])
    const settings = readForwarderSettings({ ...given, TELEMETRY_INGESTION_KEY: 'a' })
    expect(settings).toMatchObject({ udpPort: 7846, healthPort: 9000, concurrency: 8 })
    // The kernel's limit is what the forwarder asks for.
    expect(render(textOf(locals['forwarder_sysctl']), configuration)).toContain(
      `net.core.rmem_max = ${settings.receiveBufferBytes}\n`,
    )
  })

  it('have health checks at addresses that answer', () => {
    const [worker] = find(resource('google_cloud_run_v2_service.worker'), 'containers') as Block[]
    expect(find(worker?.['startup_probe'], 'path')).toEqual(['/readyz'])
    expect(find(worker?.['liveness_probe'], 'path')).toEqual(['/healthz'])
    expect(find(worker, 'cpu_idle')).toEqual([false])
    for (const address of ['region_health_check.udp', 'health_check.autohealing']) {
      const check = resource(`google_compute_${address}`)
      expect(find(check, 'port')).toEqual(['${var.health_port}'])
    }
  })
})

function used(name: string, declaration: string): boolean {
  const word = new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`)
  // A variable's own validation doesn't count as a use.
  const rest = declaration === '' ? text : text.replace(blockOf(declaration), '')
  return word.test(rest)
}

function blockOf(declaration: string): string {
  const start = text.indexOf(declaration)
  return text.slice(start, text.indexOf('\n}\n', start))
}

function valueOf(value: Value | undefined): string {
  const plain = textOf(value).replace(/^\$\{tostring\((.*)\)\}$/, '$${$1}')
  return render(plain, configuration)
}
