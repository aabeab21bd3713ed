// kill -9 while messages are being sent: what was acknowledged is there, once, in order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from '../harness/server.js';
import { name, v2, v4, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());

/** Sends numbered messages one after another until the line breaks; notes each that was acknowledged. */
async function talkUntilDeath(client, conversation, label, acknowledged) {
  for (let index = 0; ; index += 1) {
    const text = `${label} ${index}`;
    try {
      const { id, at } = await Promise.race([conversation.send(text), client.broken]);
      acknowledged.push({ id, at, text });
    } catch {
      return;
    }
  }
}

test('B-188 B-316 W-267 W-337 issue 2: kill -9 under load, five times in a row: every acknowledged message is in history once and in order', { timeout: 120_000 }, async () => {
  const ids = { [v2.name]: name('two'), [v4.name]: name('four'), [v5.name]: name('five') };
  let cid;
  const acknowledged = [];
  for (let round = 0; round < 5; round += 1) {
    const clients = await Promise.all([v2, v4, v5].map(async (sdk) => {
      const client = await sdk.open(server, ids[sdk.name]);
      client.broken = client.get('disconnect', {}, { within: 60_000 }).then(() => { throw new Error('the line broke'); });
      client.broken.catch(() => {});
      return client;
    }));
    cid ??= (await clients[0].create({ members: Object.values(ids) })).id;
    const conversations = await Promise.all(clients.map((client) => client.conversation(cid)));
    const wanted = acknowledged.length + 60 + 40 * round;
    const talks = clients.flatMap((client, index) => [0, 1, 2].map((thread) => talkUntilDeath(client, conversations[index], `${round}/${client.generation}/${thread}`, acknowledged)));
    while (acknowledged.length < wanted) await new Promise((next) => setImmediate(next));
    await server.kill();
    await Promise.all(talks);
    await server.start();
    const reader = await v5.open(server, ids[v5.name]);
    const there = await reader.conversation(cid);
    const kept = [];
    for (let page = await there.history({ limit: 1_000 }); page.length > 0; page = await there.history({ limit: 1_000, start: page[0] })) kept.unshift(...page);
    assert.equal(new Set(kept.map(({ id }) => id)).size, kept.length, 'no message is there twice');
    assert.equal(new Set(kept.map(({ text }) => text)).size, kept.length, 'no text is there twice');
    const stored = new Map(kept.map((message, place) => [message.id, { ...message, place }]));
    for (const sent of acknowledged) {
      const found = stored.get(sent.id);
      assert.ok(found, `acknowledged ${sent.text} is missing after round ${round}`);
      assert.deepEqual([found.text, found.at], [sent.text, sent.at]);
    }
    assert.ok(kept.every((message, index) => index === 0 || message.at > kept[index - 1].at), 'times grow');
    const ofOneSender = new Map();
    for (const sent of acknowledged) {
      const thread = sent.text.split(' ')[0];
      const { place } = stored.get(sent.id);
      assert.ok(place > (ofOneSender.get(thread) ?? -1), 'one sender\'s messages are in the order sent');
      ofOneSender.set(thread, place);
    }
    await Promise.all([reader, ...clients].map((client) => client.dispose()));
  }
});
