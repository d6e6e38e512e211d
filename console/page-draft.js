// A page as it is edited: plain values that controls write into, and the definition that comes of them.

const clone = (value) => JSON.parse(JSON.stringify(value));

/** The server's page → a draft that shares nothing with it. */
export const draftOf = ({ name, owner, layout, deadline, sections, order }) => clone({ name, owner, layout, deadline: String(deadline), sections, order });

/** The draft → the members of the definition; what is empty is left out, and a number that is none is sent as it was typed. */
export function bodyOf({ name, owner, layout, deadline, sections, order }) {
  const number = Number(deadline);
  const body = { name, owner, layout, deadline: deadline !== '' && Number.isFinite(number) ? number : deadline, sections, order };
  return clone(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== '')));
}

/** The list with `one` at place `to`. */
export function moved(list, one, to) {
  const others = list.filter((other) => other !== one);
  others.splice(to, 0, one);
  return others;
}
