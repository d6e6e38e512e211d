// How the shop tells Parley what happened. Where parley.js is late, calls wait for it; where it never
// comes, they are forgotten: the shop does not depend on it.

/** ('Product Added', {sku, …}) */
export function track(event, properties) {
  window.parley ??= { pending: [] };
  if (window.parley.track) window.parley.track(event, properties);
  else window.parley.pending.push([event, properties]);
}

/** A product as the Segment e-commerce vocabulary names it. */
export const propertiesOf = (product, quantity = 1) => ({
  product_id: product.sku, sku: product.sku, name: product.name, category: product.category, price: product.price, quantity, currency: 'EUR' });
