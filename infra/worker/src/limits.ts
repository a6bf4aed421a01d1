const second = 1000
const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Every number that keeps one client, or many, from taking more than their share. */
export const limits = {
  /** Events in one NDJSON request. */
  events: 1000,
  keyLength: 512,
  headerBytes: 16 * kibibyte,
  /** Of all requests that are being read or answered at a time. */
  heldBytes: 64 * mebibyte,
  /** Events that wait for the sink. */
  waiting: 20_000,

  /** How long a sender may take, and how often we check. */
  headersMs: 10 * second,
  requestMs: 30 * second,
  checkMs: second,
  /** Open connections, idle or not; further ones are closed at once. */
  connections: 16_384,
  /** A connection on which nothing moves, in either direction, during a request. */
  silenceMs: 40 * second,
  /** Longer than load balancers keep theirs, so that they never write to a closed connection. */
  keepAliveMs: 75 * second,
  /**
   * How long a refused sender may go on sending, and may take to read our answer, and how long a new
   * sender may take to begin while we shut down.
   */
  lingerMs: 500,
  /** From SIGTERM to the end, for everything in flight. */
  shutdownMs: 9 * second,

  group: {
    events: 500,
    bytes: 4 * mebibyte,
    /** When a batch goes while others are in flight. */
    gathering: { enough: 64, waitMs: 5 },
    /** ClickHouse makes a part of the table of each insert, and takes as long for one row as for hundreds. */
    inserts: { enough: 500, waitMs: 100 },
  },

  /** Less than any client waits for us, and less than a shutdown takes. */
  sinkMs: 8 * second,
  /** For the deletion of one person's rows, on every replica. */
  eraseMs: 5 * 60 * second,
  /** For a readiness check, which shouldn't wait long. */
  probeMs: 3 * second,
  sinkAnswerBytes: 64 * kibibyte,
  /** Requests that wait for GA4, each of up to 25 events. */
  ga4Waiting: 200,
  /** Posts spent on finding the events that a sink refuses in one batch. */
  probes: 64,
  /** The longest `Retry-After` of a sink that we obey and pass on. */
  retryAfterMs: 24 * 60 * 60 * second,

  /** Events without a key, per network of senders. */
  keyless: { events: 120, windowMs: 60 * second, networks: 65_536 },
  /**
   * Requests without a key. An install event is under 4 KiB. The share holds more than one network may
   * send within a minute, so that no network can fill it.
   */
  keylessBody: {
    eventBytes: 4 * kibibyte,
    linesBytes: 64 * kibibyte,
    heldBytes: 8 * mebibyte,
    ms: 5 * second,
  },

  /** Ids to erase: per network of senders, and of all together. Each is kept for good. */
  erasures: {
    /** How often sinks are asked to delete, also after trouble, and how many ids at a time. */
    everyMs: 60 * 60 * second,
    againMs: 30 * second,
    atOnce: 500,
    network: { events: 2000, windowMs: 600 * second, networks: 65_536 },
    all: { events: 20_000, windowMs: 600 * second, networks: 1 },
  },

  /** Events with a debug tag, of all senders together, and how long they are kept. */
  debug: {
    events: 1000,
    bytes: 8 * mebibyte,
    keepMs: 10 * 60 * second,
    sweepMs: 10 * second,
  },

  /** Of the log, while nobody reads it. */
  logBytes: mebibyte,

  /** Ids that the file sink remembers, and how much of the file it reads to restore them. */
  remembered: { ids: 100_000, bytes: 64 * mebibyte },
} as const
