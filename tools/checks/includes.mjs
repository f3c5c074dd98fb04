// Who may include whom (ARCHITECTURE.md). CMake links only these edges; this check holds the includes to them too,
// since all rooms share one include root.

// The rooms, most special first: a file belongs to the first that its path begins with. `rooms` may be included,
// `outside` are libraries beyond the standard one. What its tests may include besides is in `testRooms`; `files` names
// single files that may include more.
export const ROOMS = [
  {
    room: "base",
    rooms: [],
    outside: ["boost.system", "fmt", "posix"],
    files: { "base/log.cpp": ["spdlog"], "base/separate.cpp": ["boost.asio", "boost.beast", "boost.json"] },
  },
  { room: "domain", rooms: ["base"], outside: ["boost.system"] },
  { room: "storage/sqlite", rooms: ["storage", "domain", "base"], outside: ["boost.system", "fmt", "sqlite", "posix"] },
  { room: "storage/postgres", rooms: ["storage", "domain", "base"], outside: ["boost.system", "fmt", "libpq", "posix"] },
  // Moves data from one adapter to the other.
  {
    room: "storage/migrate",
    rooms: ["storage", "storage/sqlite", "storage/postgres", "domain", "base"],
    outside: ["boost.system"],
  },
  {
    room: "storage",
    rooms: ["domain", "base"],
    outside: ["boost.system"],
    // The one list of all back ends that the contract suite runs on.
    files: { "storage/contract_test.cpp": ["storage/sqlite"] },
  },
  { room: "bus/local", rooms: ["bus", "domain", "base"], outside: ["boost.system"] },
  {
    room: "bus/redis",
    rooms: ["bus", "domain", "base"],
    outside: ["boost.system", "fmt", "posix", "hiredis"],
    // Redis knows scripts by their SHA-1.
    files: { "bus/redis/script.cpp": ["boost.uuid"] },
  },
  { room: "bus", rooms: ["domain", "base"], outside: ["boost.system"] },
  {
    room: "engine",
    rooms: ["domain", "storage", "bus", "base"],
    // The bus inside one process is small enough that the engine's tests use the real one.
    testRooms: ["bus/local"],
    outside: ["boost.system", "fmt", "posix"],
  },
  // The cluster adapter knows the library's two interfaces, not its server.
  {
    room: "transport/socketio/cluster",
    folderOnly: true,
    rooms: ["transport/socketio", "base"],
    outside: ["boost.system", "boost.json", "fmt", "posix", "hiredis"],
  },
  {
    room: "transport/socketio/fuzz",
    rooms: ["transport/socketio", "transport/socketio/cluster", "base"],
    outside: ["boost.json"],
  },
  {
    room: "transport/socketio/example",
    rooms: ["transport/socketio", "transport/socketio/cluster"],
    outside: ["boost.system", "boost.asio", "boost.json"],
  },
  // The Socket.IO library knows nothing of stock; transport/live, its user, does.
  {
    room: "transport/socketio",
    rooms: ["base"],
    outside: ["network", "fmt", "sodium"],
    // The WebSocket handshake is the one place that wants SHA-1.
    files: { "transport/socketio/ws_handshake.cpp": ["boost.uuid"], "transport/socketio/ring_sender.hpp": ["liburing"] },
  },
  {
    room: "transport",
    rooms: ["engine", "domain", "base"],
    outside: ["network", "fmt", "sodium", "prometheus"],
    files: { "transport/http/argon2id.cpp": ["argon2"] },
  },
  {
    room: "app",
    rooms: ["transport", "engine", "storage", "storage/sqlite", "storage/postgres", "storage/migrate", "bus", "bus/local", "bus/redis", "domain", "base"],
    outside: ["boost.system", "boost.asio", "boost.json", "fmt", "sodium", "spdlog", "cli11", "prometheus", "posix", "sqlite"],
  },
];

const NETWORK = ["boost.system", "boost.asio", "boost.beast", "boost.json", "boost.url", "boost.describe", "boost.core", "posix"];
const TEST_LIBRARIES = ["gtest", "gmock", "rapidcheck"];

const LIBRARIES = [
  [/^boost\/(system|asio|beast|json|url|describe|core)[/.]/, (match) => `boost.${match[1]}`],
  [/^boost\/([a-z_0-9]+)/, (match) => `boost.${match[1]}`],
  [/^sqlite3\.h$/, () => "sqlite"],
  [/^libpq-fe\.h$/, () => "libpq"],
  [/^sodium\.h$/, () => "sodium"],
  [/^argon2\.h$/, () => "argon2"],
  [/^liburing\.h$/, () => "liburing"],
  [/^(spdlog|fmt|prometheus|rapidcheck|gtest|gmock|hiredis)[/.]/, (match) => match[1]],
  [/^CLI\//, () => "cli11"],
  [/^(sys|arpa|netinet|netdb|linux)[/.]|^(unistd|fcntl|poll|pthread|sched|semaphore|signal|dirent|pwd|termios)\.h$/, () => "posix"],
  [/^[a-z_0-9]+$|^(time|string|stdlib|stdio|stdint|stddef|errno|math|limits|assert)\.h$/, () => "std"],
];

function libraryOf(header) {
  for (const [pattern, name] of LIBRARIES) {
    const match = pattern.exec(header);
    if (match) return name(match);
  }
  return `the library of <${header}>`;
}

// A room is a folder, and the files beside it that bear its name, unless it says that it is the folder only.
const isBelow = (path, { room, folderOnly }) =>
  path.startsWith(`${room}/`) ||
  (!folderOnly && (path === room || path.startsWith(`${room}.`) || path.startsWith(`${room}_`)));

// A folder below a port is an adapter, and needs a row of its own; only testing/ belongs to the port.
const isUnknownAdapter = (path, room) =>
  (room === "storage" || room === "bus") && path.split("/").length > 2 && !path.startsWith(`${room}/testing/`);

function roomOf(path) {
  const found = ROOMS.find((row) => isBelow(path, row));
  return found && isUnknownAdapter(path, found.room) ? undefined : found;
}

const isTest = (path) => /_test\.(cpp|hpp)$|(^|\/)testing\/|^storage\/contract_/.test(path);

// "transport" in a list stands for everything below it; every other name for exactly that room.
const covers = (name, room) => name === room || (name === "transport" && room.startsWith("transport"));

function mayInclude(path, header) {
  const from = roomOf(path);
  const to = roomOf(header);
  if (from === undefined || to === undefined) return false;
  // A room may include itself, and every part of transport may use the Socket.IO library.
  if (from.room === to.room) return true;
  if (from.room === "transport" && to.room.startsWith("transport/socketio")) return true;
  const forTests = isTest(path) ? (from.testRooms ?? []) : [];
  return [...from.rooms, ...forTests, ...(from.files?.[path] ?? [])].some((name) => covers(name, to.room));
}

function mayUse(path, library) {
  const from = roomOf(path);
  if (from === undefined) return false;
  if (library === "std" || (isTest(path) && TEST_LIBRARIES.includes(library))) return true;
  const allowed = [...from.outside, ...(from.files?.[path] ?? [])];
  return allowed.includes(library) || (allowed.includes("network") && NETWORK.includes(library));
}

// Findings [{line, message}] for a file at `path`, counted from server/.
export function findForbiddenIncludes(path, text) {
  const findings = [];
  for (const [index, line] of text.split("\n").entries()) {
    const match = /^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)/.exec(line);
    if (!match) continue;
    const [, own, outside] = match;
    const allowed = own !== undefined ? mayInclude(path, own) : mayUse(path, libraryOf(outside));
    if (allowed) continue;
    const what = own !== undefined ? `"${own}"` : `<${outside}> (${libraryOf(outside)})`;
    const room = roomOf(path)?.room ?? "a file outside all rooms";
    findings.push({ line: index + 1, message: `${room} must not include ${what}` });
  }
  return findings;
}

// "No two rooms include each other" follows from the table when the table has no cycle; this says whether it has one.
export function findCycle() {
  const edges = new Map(ROOMS.map(({ room, rooms }) => [room, rooms.filter((name) => name !== "transport")]));
  const visit = (room, path) => {
    if (path.includes(room)) return [...path, room];
    for (const next of edges.get(room) ?? []) {
      const cycle = visit(next, [...path, room]);
      if (cycle) return cycle;
    }
    return undefined;
  };
  return [...edges.keys()].map((room) => visit(room, [])).find((cycle) => cycle !== undefined);
}
