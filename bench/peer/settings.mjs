// The settings of the peer, all from the environment, read once at the start.

function count(name, otherwise) {
  const text = process.env[name] ?? "";
  if (text === "") return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, is "${text}"`);
  return Number(text);
}

function choice(name, ...allowed) {
  const text = process.env[name] || allowed[0];
  if (!allowed.includes(text)) throw new Error(`${name} must be one of ${allowed.join(", ")}, is "${text}"`);
  return text;
}

export const settings = Object.freeze({
  port: count("PORT", 7001),
  database: process.env.DATABASE_URL ?? "postgresql://postgres@127.0.0.1:5432/peer",
  redis: process.env.REDIS_URL ?? "redis://127.0.0.1:6379",
  connections: count("PEER_CONNECTIONS", 20), // to PostgreSQL
  // redis = a lock of each product in Redis, as the design has it; none = the locks of the rows alone.
  locks: choice("PEER_LOCKS", "redis", "none"),
  // steps = a statement, its answer, the next statement; flights = the same statements in two sendings.
  statements: choice("PEER_STATEMENTS", "steps", "flights"),
  leaseMs: count("PEER_LEASE_MS", 5000), // of a lock
  patienceMs: count("PEER_PATIENCE_MS", 5000), // for a lock, then 503
  pauseMinMs: 2, // between two attempts at a lock
  pauseMaxMs: 50,
  channel: "peer.stock.changed",
  // The load client and the server are of one run; nobody else can reach either.
  secret: "bench peer, this machine only",
});
