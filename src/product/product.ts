/** A place on disk, relative to one of the folders that every platform has. */
export interface Place {
  readonly base: 'home' | 'config' | 'cache'
  readonly path: readonly string[]
}

export type KeyPath = readonly string[]

/** One name that may travel, with the sentence that explains it to the person being measured. */
export type Explained = Readonly<Record<string, string>>

export interface RuntimeFacts {
  readonly runKinds: readonly string[]
  readonly backends: readonly string[]
  readonly failures: { readonly stages: readonly string[]; readonly hosts: readonly string[] }
}

/**
 * Everything that makes a telemetry system this product's own. A host adopts the library by
 * writing one value of this type; it is data only, so that it can be reviewed by reading it.
 */
export interface Product {
  /** Names folders and addresses: lower case, no spaces. */
  readonly id: string
  /** As people write it. */
  readonly name: string
  /** What a person types to reach the commands. */
  readonly command: string
  readonly docs: string
  readonly contact: string

  readonly endpoint: string
  /** Absent where the product has no UDP collector. */
  readonly udpEndpoint?: string

  readonly variables: {
    /** Turns telemetry off when set. */
    readonly off: string
    /** Turns telemetry off when set to 0, false, no or off. */
    readonly toggle?: string
    /** Shows each event on stderr as it is recorded. */
    readonly show: string
    /** Names one more settings file. */
    readonly config?: string
  }

  /** Absent where the collector takes events without a key. */
  readonly ingestionKey?: {
    readonly variable: string
    /** Built into official builds; empty elsewhere. */
    readonly embedded: string
  }

  readonly places: {
    readonly clientId: Place
    /** The settings file that `enable`, `disable` and `endpoint` write. */
    readonly settings: Place
    /** One more settings file in the user's home, read only. */
    readonly homeSettings?: Place
    /** The name of a settings file in a project, looked for from the working folder up. */
    readonly projectSettings?: string
    /** Stats, queue, lock and ledger. */
    readonly state: Place
  }

  readonly keys: {
    readonly enabled: KeyPath
    /** Older spellings that turn telemetry off too. */
    readonly alsoEnabled: readonly KeyPath[]
    readonly endpoint: KeyPath
    readonly uploads: KeyPath
    /** The table of the in-process runtime client; absent where the product has none. */
    readonly runtime?: KeyPath
  }

  readonly usage: {
    readonly subcommands: readonly string[]
    /** Counted as `<subcommand>_<outcome>`, beside the subcommand itself. */
    readonly outcomes: Readonly<Record<string, readonly string[]>>
    /** The payload's name for the counters of what ended up active. */
    readonly selectionsField: string
    readonly selectionsMeaning: string
    readonly selectionsReason: string
    readonly selections: readonly string[]
    readonly capabilities: Explained
  }

  /** What runs may say of themselves; absent where the product has no runtime. */
  readonly runtime?: RuntimeFacts
  /** Does the product have installers that send events? */
  readonly installs?: boolean

  readonly milestones: {
    readonly firstRun: string
    readonly firstRunOfVersion: string
    /** The first, second, … time that this outcome is counted. */
    readonly successes: {
      readonly subcommand: string
      readonly outcome: string
      readonly triggers: readonly string[]
    }
    /**
     * Once for every version: when the subcommand is counted, with that outcome where one is named,
     * or when the host says so.
     */
    readonly named: Readonly<
      Record<string, { readonly subcommand?: string; readonly outcome?: string }>
    >
  }

  /** Variables that mark environment in which nobody asked to be counted. */
  readonly suppressed: {
    readonly ci: readonly string[]
    readonly tests: readonly string[]
    readonly workers: readonly string[]
  }
}
