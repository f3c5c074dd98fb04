import type { Movement } from '../../api/types.ts';

/** What a movement did to the units in a location: brought some, took some, or only promised or freed them. */
export function effectOf(movement: Movement): { amount: number; sign: 'up' | 'down' | 'same' } {
  const delta = movement.delta;
  if (delta !== undefined && delta !== null) {
    const sign = delta > 0 ? 'up' : delta < 0 ? 'down' : 'same';
    return { amount: sign === 'same' ? (movement.quantity ?? 0) : Math.abs(delta), sign };
  }
  const amount = movement.quantity ?? 0;
  if (movement.from === movement.to) {
    return { amount, sign: 'same' };
  }
  return { amount, sign: movement.from === movement.location ? 'down' : 'up' };
}
