// Reading what was said: by number, from a point, both ways, between two points, by type.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { ALL, having, matrix, name, scene, v2, v4, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer({ apps: { main: {}, short: { history: { max_limit: 30 } } } }); });
after(() => server.dispose());
const on = { server: () => server };

const texts = (messages) => messages.map(({ text }) => text);
const numbered = (from, to) => Array.from({ length: to - from }, (_, index) => `${from + index}`);

async function talk(client, n, options = {}) {
  const made = await client.create({ members: [] });
  const sent = await Promise.all(numbered(0, n).map((text) => made.send(text, options)));
  return { made, sent };
}

let shelf;
/** 1,100 messages, written once and read by every generation. */
function long() {
  shelf ??= (async () => {
    const writer = await v5.open(server, name('writer'));
    const made = await writer.create({ members: ALL.map((sdk) => `reader-${sdk.generation}`) });
    for (let from = 0; from < 1_100; from += 100) {
      await Promise.all(numbered(from, from + 100).map((text) => made.send(text)));
    }
    return made.id;
  })();
  return shelf;
}

async function reader(stage, sdk) {
  const client = await stage.client('reader', { id: `reader-${sdk.generation}` });
  return client.conversation(await long());
}

matrix('S-106 B-296 B-297 B-298 B-302 W-324 W-325: the latest 10, 20 by default, 1,000 at most, in ascending time', on, async (stage, sdk) => {
  const there = await reader(stage, sdk);
  assert.deepEqual(texts(await there.history({ limit: 10 })), numbered(1_090, 1_100));
  assert.deepEqual(texts(await there.history()), numbered(1_080, 1_100));
  assert.deepEqual(texts(await there.history({ limit: 1_000 })), numbered(100, 1_100));
  assert.deepEqual(texts(await there.history({ limit: 5_000 })), numbered(100, 1_100));
});

matrix('S-107 T-21 B-299 B-300 W-328 W-329: pages before a message by id and time: none twice, none missing', on, async (stage, sdk) => {
  const there = await reader(stage, sdk);
  const seen = [];
  let page = await there.history();
  while (page.length > 0) {
    assert.ok(page.every((item, index) => index === 0 || item.at >= page[index - 1].at));
    seen.unshift(...texts(page));
    page = await there.history({ start: page[0], limit: seen.length < 100 ? undefined : 150 });
  }
  assert.deepEqual(seen, numbered(0, 1_100));
});

matrix('S-107: without a limit a page before a message has 20', on, async (stage, sdk) => {
  const there = await reader(stage, sdk);
  const [oldest] = await there.history();
  assert.deepEqual(texts(await there.history({ start: oldest })), numbered(1_060, 1_080));
});

matrix("B-309: the SDK's iterator walks to the beginning", { ...on, sdks: having('modern') }, async (stage, sdk) => {
  const there = await reader(stage, sdk);
  const iterator = there.sdk.createMessagesIterator({ limit: 300 });
  const seen = [];
  for (let turn = await iterator.next(); ; turn = await iterator.next()) {
    seen.unshift(...turn.value.map((message) => message.getText()));
    if (turn.done) break;
  }
  assert.deepEqual(seen, numbered(0, 1_100));
});

matrix('B-301 W-328: a time without an id: what is strictly earlier', on, async (stage) => {
  const tom = await stage.client('tom');
  const { made, sent } = await talk(tom, 5);
  assert.deepEqual(texts(await made.history({ start: { at: sent[3].at } })), ['0', '1', '2']);
});

matrix('W-323 B-304: everything after a time (afterTime of 3.x)', { ...on, sdks: having('historyAfter') }, async (stage) => {
  const tom = await stage.client('tom');
  const { made, sent } = await talk(tom, 5);
  assert.deepEqual(texts(await made.history({ end: { at: sent[1].at, id: sent[1].id } })), ['2', '3', '4']);
});

matrix('B-303 W-327: forward in time, from the beginning and from a message', { ...on, sdks: having('history') }, async (stage) => {
  const tom = await stage.client('tom');
  const { made, sent } = await talk(tom, 6);
  assert.deepEqual(texts(await made.history({ direction: 'forward', limit: 2 })), ['0', '1']);
  assert.deepEqual(texts(await made.history({ direction: 'forward', limit: 2, start: sent[2] })), ['3', '4']);
  assert.deepEqual(texts(await made.history({ direction: 'backward', limit: 2, start: sent[2] })), ['0', '1']);
});

matrix('B-304 B-306 B-307 B-319 W-328: between two messages, with each end taken in or left out', { ...on, sdks: having('history') }, async (stage) => {
  const tom = await stage.client('tom');
  const { made, sent } = await talk(tom, 5);
  const [one, three] = [sent[1], sent[3]];
  const between = async (start, end, closed = {}) => texts(await made.history({ start: { ...start, closed: closed.start }, end: { ...end, closed: closed.end } }));
  assert.deepEqual(await between(three, one), ['2']);
  assert.deepEqual(await between(three, one, { start: true }), ['2', '3']);
  assert.deepEqual(await between(three, one, { end: true }), ['1', '2']);
  assert.deepEqual(await between(three, one, { start: true, end: true }), ['1', '2', '3']);
  assert.deepEqual(await between(one, three), ['2']);
  assert.deepEqual(await between(one, three, { start: true }), ['1', '2']);
  assert.deepEqual(await between(one, three, { end: true }), ['2', '3']);
});

matrix('B-307 W-326 W-327: an interval longer than the limit is read from its start', { ...on, sdks: having('history') }, async (stage) => {
  const tom = await stage.client('tom');
  const { made, sent } = await talk(tom, 8);
  assert.deepEqual(texts(await made.history({ start: sent[7], end: sent[0], limit: 2 })), ['5', '6']);
  assert.deepEqual(texts(await made.history({ start: sent[0], end: sent[7], limit: 2 })), ['1', '2']);
});

matrix('S-124 B-305: all of the last 24 hours, in as many pages as needed', on, async (stage) => {
  const tom = await stage.client('tom');
  const { made } = await talk(tom, 50);
  const since = Date.now() - 86_400_000;
  const seen = [];
  for (let page = await made.history({ limit: 20 }); page.length > 0 && page[0].at > since; page = await made.history({ limit: 20, start: page[0] })) {
    seen.unshift(...texts(page));
  }
  assert.deepEqual(seen, numbered(0, 50));
});

matrix('B-308 W-332: one type only; the number counts what fits', { ...on, sdks: having('history') }, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [] });
  for (let index = 0; index < 4; index += 1) {
    await made.send(`text ${index}`);
    await made.send({ raw: JSON.stringify({ _lctype: 7, n: index }) });
    await made.send({ raw: 'untyped' });
  }
  assert.deepEqual(texts(await made.history({ type: -1, limit: 3 })), ['text 1', 'text 2', 'text 3']);
  assert.deepEqual((await made.history({ type: 7 })).length, 4);
  assert.deepEqual(await made.history({ type: -5 }), []);
});

matrix('T-28 T-2 B-102 B-310 B-295: who joins late or returns reads everything', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [] });
  await made.send('before');
  const there = await bob.conversation(made.id);
  await there.join();
  await made.send('while in');
  await there.leave();
  await made.send('while away');
  await there.join();
  assert.deepEqual(texts(await there.history()), ['before', 'while in', 'while away']);
});

matrix('B-311 W-339: a stranger is refused with 4312', on, async (stage) => {
  const [tom, stranger] = await stage.clients('tom', 'stranger');
  const { made } = await talk(tom, 1);
  await assert.rejects((await stranger.conversation(made.id)).history(), { code: 4312 });
});

matrix('B-316 W-338: an acknowledged message is in history at once', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [] });
  for (let index = 0; index < 20; index += 1) {
    const sent = await made.send(`${index}`);
    assert.equal((await made.history({ limit: 1 }))[0].id, sent.id);
  }
});

matrix('B-314 B-315 W-336: between two, history tells when the other got a message', { ...on, sdks: having('modern') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  const sent = await made.send('when', { receipt: true });
  await tom.get('delivered', { cid: made.id });
  const [item] = await made.history();
  assert.ok(item.deliveredAt >= sent.at);
});

matrix('B-298: the largest page is a setting of the app', { ...on, sdks: [v4, v2] }, async (stage) => {
  const tom = await stage.client('tom', { app: 'short' });
  const { made } = await talk(tom, 40);
  assert.deepEqual(texts(await made.history({ limit: 1_000 })), numbered(10, 40));
});

scene('W-416 W-417 W-421: history in the JSON of 2015', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v2 });
  const made = await tom.create({ members: [] });
  const sent = await made.send('hello');
  const raw = await RawClient.connect(server);
  await raw.login(tom.id);
  const reply = await raw.ask({ cmd: 'logs', cid: made.id, t: String(sent.at + 1) });
  assert.equal(reply.cmd, 'logs');
  const [item] = reply.logs;
  assert.deepEqual([item.from, item.timestamp, item.msgId, item['msg-id']], [tom.id, sent.at, sent.id, sent.id]);
  const refused = await raw.ask({ cmd: 'logs', cid: '0123456789abcdef01234567' });
  assert.deepEqual([refused.cmd, refused.op, refused.code], ['conv', 'error', 4303]);
  raw.close();
});

test('W-321 W-322 W-324 W-330 W-333 W-334 W-335: zeroes, unknown ids, limit 0, and the fields of an item', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const tom = name('tom');
  await client.login(tom);
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom] } });
  const logs = async (fields) => (await client.ask({ cmd: 'logs', logsMessage: { cid, ...fields } })).logsMessage;
  const empty = await logs({});
  assert.deepEqual([empty.cid, empty.logs], [cid, undefined]);
  const sent = [];
  for (const msg of ['a', 'b', '']) sent.push((await client.ask({ cmd: 'direct', directMessage: { cid, msg } })).ackMessage);
  const data = async (fields) => ((await logs(fields)).logs ?? []).map((item) => item.data);
  assert.deepEqual(await data({ t: 0, tt: 0, mid: '', tmid: '' }), ['a', 'b', '']);
  assert.deepEqual(await data({ t: 64_092_211_200_000, limit: 2 }), ['b', '']);
  assert.deepEqual(await data({ limit: 0 }), []);
  assert.deepEqual(await data({ limit: -1 }), ['a', 'b', '']);
  assert.deepEqual(await data({ mid: sent[1].uid }), ['a']);
  assert.deepEqual(await data({ mid: 'unknown' }), ['a', 'b', '']);
  assert.deepEqual(await data({ t: sent[1].t, mid: '-' }), ['a']);
  assert.deepEqual(await data({ t: sent[0].t, tt: sent[2].t }), []);
  const [item] = (await logs({})).logs;
  assert.deepEqual({ ...item, bin: item.bin ?? false }, { msgId: sent[0].uid, from: tom, timestamp: sent[0].t, data: 'a', bin: false, convType: 1 });
  client.close();
});
