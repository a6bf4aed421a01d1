/** A place on disk, relative to one of the folders that every platform has. */
export interface Place {
  readonly base: 'home' | 'config' | 'cache' | 'system'
  readonly path: readonly string[]
}

export type KeyPath = readonly string[]

/** One name that may travel, with the sentence that explains it to the person being measured. */
export type Explained = Readonly<Record<string, string>>

export interface RuntimeFacts {
  readonly runKinds: readonly string[]
  readonly backends: readonly string[]
  /** Prefixes of the product's own error identifiers. Any other may contain whatever a user chose. */
  readonly namespaces: readonly string[]
  readonly failures: { readonly stages: readonly string[]; readonly hosts: readonly string[] }
}

/** One place where the product's own program looks for settings. */
export type HostSource =
  /** The file that a variable names. If it is set but names no file, the program fails. */
  | { readonly variable: string }
  /** The nearest of these names, from the working folder upwards; within a folder the first wins. */
  | { readonly project: readonly string[] }
  | { readonly place: Place }

/**
 * How the product's own program decides whether it sends, where that program does not use this
 * library. `status` says what it does, and `disable` writes where it will be read.
 */
export interface HostRule {
  /** The first of these files that exists is the only one it reads. */
  readonly reads: readonly HostSource[]
  /** Does it obey variables, CI and the other rules that are not in a file? */
  readonly hearsEnvironment: boolean
  /** Tables that refuse unknown keys: with such a key, the program fails before it sends. */
  readonly strict: readonly { readonly table: KeyPath; readonly keys: readonly string[] }[]
  /** Does the runtime table turn UDP off where it names no UDP address? */
  readonly tableTurnsUdpOff: boolean
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
  /** Where everybody can see what the events say; absent until it is published somewhere. */
  readonly publicReport?: string
  readonly contact: string

  readonly endpoint: string
  /** Absent if the product has no UDP collector. */
  readonly udpEndpoint?: string

  readonly variables: {
    /** Turns telemetry off when set. */
    readonly off: string
    /** Turns telemetry off when set to anything but 1, true, yes or on. */
    readonly toggle?: string
    /** Shows each event on stderr as it is recorded. */
    readonly show: string
    /** Names one more settings file. */
    readonly config?: string
    /** Marks what this process sends, so that a developer's own collector shows it and stores nothing. */
    readonly debug?: string
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
    /** Other settings files of the user's, read only unless the product's own program reads them. */
    readonly alsoSettings?: readonly Place[]
    /** One more settings file in the user's home, read only. */
    readonly homeSettings?: readonly Place[]
    /** Names of a project's settings file, looked for from the working folder up. */
    readonly projectSettings?: string | readonly string[]
    /** The administrator's file for the whole machine. It can only turn telemetry off. */
    readonly systemSettings?: Place
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
  /** Does an empty address in a settings file forbid uploads? If not, it means the built-in one. */
  readonly emptyEndpointForbidsUploads?: boolean

  /** Absent where the product's program uses this library, and so obeys the same verdict. */
  readonly host?: HostRule

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

  /** Variables that mark an environment in which nothing should be counted. */
  readonly suppressed: {
    readonly ci: readonly string[]
    readonly tests: readonly string[]
    readonly workers: readonly string[]
  }
}
