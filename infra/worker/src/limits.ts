const second = 1000
const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Every number that keeps one client, or many, from taking more than their share. */
export const limits = {
  /** One event; the largest that the contract knows is a tenth of this. */
  eventBytes: 64 * kibibyte,
  /** In one NDJSON request. */
  events: 1000,
  /** How deep a JSON value may nest; the contract needs four levels. */
  depth: 32,
  keyLength: 512,
  headerBytes: 16 * kibibyte,
  /** Of all requests that are being read or answered at a time. */
  heldBytes: 64 * mebibyte,
  /** Events that wait for the sink. */
  waiting: 20_000,

  /** How long a sender may take, and how often we look. */
  headersMs: 10 * second,
  requestMs: 30 * second,
  checkMs: second,
  /** Open at a time, idle or not; more are closed as they come. */
  connections: 16_384,
  /** A connection on which nothing moves, in either direction, while there is something to move. */
  silenceMs: 40 * second,
  /** Longer than the load balancers before us keep theirs, so that they never write to a closed one. */
  keepAliveMs: 75 * second,
  /** For a sender that was refused early to stop talking and listen. */
  lingerMs: 500,
  /** From SIGTERM to the end; what is in flight has this long. */
  shutdownMs: 9 * second,

  group: {
    events: 500,
    bytes: 4 * mebibyte,
    /** Worth a post of their own while others are under way. */
    enough: 64,
    /** How long a few wait for more while others are under way. */
    waitMs: 5,
  },

  /** Less than any client waits for us, and than a shutdown. */
  sinkMs: 8 * second,
  /** Whoever asks whether we are ready does not wait long. */
  probeMs: 3 * second,
  sinkAnswerBytes: 64 * kibibyte,
  /** Requests that wait for GA4, each of up to 25 events. */
  ga4Waiting: 200,
  /** Posts that may be spent on finding the events a sink refuses in one batch. */
  probes: 64,
  /** How long the sink is left alone after a failure; doubles from the first to the last. */
  pauseMs: { least: second, most: 10 * second },
  /** What a sink asks for is passed on up to here. */
  retryAfterMs: 24 * 60 * 60 * second,

  buffer: {
    /** For the confirmation of the servers; with the rest of a request, less than a client waits. */
    ackMs: 5 * second,
    /** Between two tries to connect, or to find all as it should be. */
    againMs: second,
    /** How often we make sure that there is a sink to publish for. */
    lookMs: 5 * second,
    /** How often what is left over is looked for. */
    sweepMs: 30 * second,
    /** How often the log says how the buffer stands, where that is worth a word. */
    sayMs: 60 * second,
  },

  /** Events without a key, for each network of senders. */
  keyless: { events: 120, windowMs: 60 * second, networks: 65_536 },

  /** Identities that the file sink remembers, and how much of the file it reads for them. */
  remembered: { ids: 100_000, bytes: 64 * mebibyte },
} as const
