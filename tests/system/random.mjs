// Random numbers from a seed, so that a run can be repeated: ONHAND_SEED=… is printed by each run.

export function seedOfRun() {
  return Number(process.env.ONHAND_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

// Returns a function that gives whole numbers from 0 to limit - 1 (mulberry32).
export function randomFrom(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % limit;
  };
}
