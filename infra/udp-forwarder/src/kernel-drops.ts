import { readdir, readFile, readlink } from 'node:fs/promises'

const tables = ['/proc/net/udp', '/proc/net/udp6']

export interface KernelDrops {
  /** Datagrams that found the receive buffer full. Undefined if the system doesn't report them. */
  readonly read: () => Promise<number | undefined>
}

/** Watches this process's sockets on one port, by inode, because others may share the port. */
export async function watchKernelDrops(port: number): Promise<KernelDrops> {
  const inodes = await ownSockets()
  return {
    read: async () => {
      const texts = await Promise.all(
        tables.map((file) => readFile(file, 'latin1').catch(() => '')),
      )
      const rows = texts
        .flatMap(socketsIn)
        .filter((row) => row.port === port && inodes.has(row.inode))
      return rows.length === 0 ? undefined : rows.reduce((total, row) => total + row.drops, 0)
    },
  }
}

interface Row {
  readonly port: number
  readonly inode: string
  readonly drops: number
}

/** Parses /proc/net/udp: local address, inode and drops are columns 2, 10 and 13. */
export function socketsIn(table: string): readonly Row[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns.length >= 13)
    .map((columns) => ({
      port: Number.parseInt(columns[1]?.split(':')[1] ?? '', 16),
      inode: columns[9] ?? '',
      drops: Number(columns[12]),
    }))
}

async function ownSockets(): Promise<ReadonlySet<string>> {
  const names = await readdir('/proc/self/fd').catch(() => [])
  const targets = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  )
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []))
}
