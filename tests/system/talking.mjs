// A server on which shoppers talk with the shop.
import assert from 'node:assert/strict';
import { Server, asShopper } from './harness.mjs';
import { served } from './bundles.mjs';

export const STAFF = '/admin/v1/plugins/conversations/api';

// → the server, and a shopper's own side: what she reads, and a message of hers, whose id it gives.
export async function start(t, options) {
  const s = await Server.start(options);
  t.after(() => s.stop());
  assert.equal((await served(s, 'talk', 'conversations')).status, 201);
  const mine = (who) => ({
    get: () => s.get('/v1/features/talk/messages', asShopper(who)),
    write: async (body, more = {}) => {
      const answer = await s.post('/v1/features/talk/messages', { body, ...more }, asShopper(who));
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body.id;
    } });
  return { s, mine };
}
