// Small rules on texts of the repository: commit subjects, notes to do, pinned npm packages.

const SUBJECT_LENGTH_MAX = 72;

// `area: do this`, in the imperative, without a full stop. Returns what is wrong, or undefined.
export function judgeSubject(subject) {
  if (subject.length > SUBJECT_LENGTH_MAX) return `longer than ${SUBJECT_LENGTH_MAX} characters`;
  if (!/^[a-z][a-z0-9_.,/ -]*: \S/.test(subject)) return "not of the form 'area: do this'";
  if (subject.endsWith(".")) return "ends with a full stop";
  return undefined;
}

// A note to do names the issue that will do it.
export function findNotesWithoutIssue(text) {
  const findings = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(line) && !/\b(TODO|FIXME)\b.{0,3}#\d+/.test(line)) {
      findings.push({ line: index + 1, message: "a note to do without the number of its issue, as in TODO #12" });
    }
  }
  return findings;
}

// An alias ("npm:name@1.2.3") installs a second version of a package under another name.
const EXACT = /^(npm:[^@]+@)?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

// Dependencies of a package.json that are no exact version.
export function findLooseVersions(manifest) {
  const groups = ["dependencies", "devDependencies", "optionalDependencies"];
  return groups
    .flatMap((group) => Object.entries(manifest[group] ?? {}))
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `${name}: ${version}`);
}

// Packages of a lock file without a checksum, or from elsewhere than the public registry.
export function findUnpinnedPackages(lock) {
  const findings = [];
  const bundled = (entry) => entry.inBundle === true || entry.link === true;
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === "" || bundled(entry)) continue;
    if (!entry.integrity) findings.push(`${path} has no checksum`);
    if (entry.resolved && !entry.resolved.startsWith("https://registry.npmjs.org/")) {
      findings.push(`${path} comes from ${entry.resolved}`);
    }
  }
  return findings;
}

// A package.json and its lock file name the same direct dependencies.
export function findLockDifferences(manifest, lock) {
  const groups = ["dependencies", "devDependencies", "optionalDependencies"];
  return groups.filter(
    (group) => JSON.stringify(sorted(manifest[group])) !== JSON.stringify(sorted(lock.packages[""][group])),
  );
}

const sorted = (object) => Object.entries(object ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
