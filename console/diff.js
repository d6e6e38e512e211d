// What changed between two JSON values, as a list of places with what stood there before and after.

/** Every leaf of `value` (an empty object or array is one) by its place, such as "rules.0.serve". */
function leaves(value, place = '', into = new Map()) {
  const inner = value !== null && typeof value === 'object' ? Object.entries(value) : [];
  if (inner.length === 0) into.set(place, value);
  for (const [name, one] of inner) leaves(one, place ? `${place}.${name}` : name, into);
  return into;
}

/** (before, after) → [{place, before, after}]; a side that has nothing there is undefined. */
export function diff(before, after) {
  const [was, is] = [before, after].map((value) => (value === null || value === undefined ? new Map() : leaves(value)));
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((place) => ({ place, before: was.get(place), after: is.get(place) }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}
