// Chat rooms: who is in, what is heard, one at a time, and coming back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fence } from '../harness/fence.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { ALL, having, matrix, name, scene, v2, v5 } from '../sdk/index.js';

let server;
before(async () => {
  server = await startServer({ connection: { outbox_frames: 256 }, apps: { main: {}, brief: { room: { rejoin_seconds: 1 } }, inviting: { room: { allow_invite: true } } } });
});
after(() => server.dispose());
const on = { server: () => server };

/** A room of tom's that the others have joined. */
async function room(stage, ...bases) {
  const tom = await stage.client('tom');
  const made = await tom.createRoom({ name: 'room' });
  const guests = [];
  for (const base of bases) {
    const client = await stage.client(base);
    const there = await client.conversation(made.id);
    await there.join();
    guests.push({ client, there });
  }
  return { tom, made, guests };
}

matrix('S-117 S-118 B-71 B-374 B-377 B-388 W-148 W-229: who makes a room is in it', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.createRoom({ name: 'HTML5 讨论', attr: { topic: 'html' } });
  assert.match(made.id, /^[0-9a-f]{24}$/);
  assert.equal(await made.count(), 1);
  const found = await (await stage.client('bob')).conversation(made.id);
  assert.deepEqual([found.isRoom, found.name, found.attr, found.creator], [true, 'HTML5 讨论', { topic: 'html' }, tom.id]);
  assert.deepEqual(found.members ?? [], []);
});

matrix('S-119 S-120 B-112 B-376: the count is of who is here now', on, async (stage) => {
  const { made, guests } = await room(stage, 'bob', 'eve');
  assert.equal(await made.count(), 3);
  await guests[0].there.leave();
  assert.equal(await made.count(), 2);
  await guests[1].client.close();
  while (await made.count() !== 1);
});

matrix('B-389: two devices of one client count once', on, async (stage) => {
  const { tom, made } = await room(stage);
  const pad = await stage.client('pad', { id: tom.id });
  await (await pad.conversation(made.id)).join();
  assert.equal(await made.count(), 1);
});

matrix('B-387 W-153 W-154 B-386: everyone present hears a message, the sender and those outside do not; anyone may send', on, async (stage) => {
  const { tom, made, guests: [bob, eve] } = await room(stage, 'bob', 'eve');
  const outside = await stage.client('outside');
  const door = await outside.conversation(made.id);
  const sent = await bob.there.send('hello room');
  for (const client of [tom, eve.client]) assert.equal((await client.get('message', { id: sent.id })).from, bob.client.id);
  const shouted = await door.send('from outside');
  await bob.client.get('message', { id: shouted.id });
  await fence(tom, outside);
  assert.deepEqual(outside.list('message', { cid: made.id }), []);
  assert.deepEqual(bob.client.list('message', { id: sent.id }), []);
});

matrix('B-383 T-22 W-152: nobody is told who comes and goes', on, async (stage) => {
  const { tom, made, guests: [bob] } = await room(stage, 'bob');
  await bob.there.leave();
  await bob.there.join();
  const sent = await bob.there.send('fence');
  await tom.get('message', { id: sent.id });
  for (const client of [tom, bob.client]) {
    const events = client.all.filter(({ kind, cid }) => cid === made.id && ['invited', 'kicked', 'membersjoined', 'membersleft'].includes(kind));
    assert.deepEqual(events, []);
  }
});

matrix('T-23 T-25 B-378 B-393 W-149: joining another room leaves the first', on, async (stage) => {
  const { tom, made, guests: [bob] } = await room(stage, 'bob');
  const eve = await stage.client('eve');
  const second = await eve.createRoom({ name: 'second' });
  await (await bob.client.conversation(second.id)).join();
  assert.equal(await made.count(), 1);
  assert.equal(await second.count(), 2);
  await made.send('in the first');
  const sent = await second.send('in the second');
  await bob.client.get('message', { id: sent.id });
  await fence(tom, bob.client);
  assert.deepEqual(bob.client.list('message', { cid: made.id }), []);
});

matrix('B-378 B-377: making a room leaves the one the client was in', on, async (stage) => {
  const { made, guests: [bob] } = await room(stage, 'bob');
  await bob.client.createRoom({ name: 'own' });
  assert.equal(await made.count(), 1);
});

matrix('B-312 B-313 B-394 W-339: a room has history, also of when nobody was in it, and anyone reads it', on, async (stage) => {
  const { made, guests: [bob] } = await room(stage, 'bob');
  await made.send('one');
  await bob.there.leave();
  await made.leave();
  await bob.there.send('to an empty room');
  const stranger = await stage.client('stranger');
  const history = await (await stranger.conversation(made.id)).history();
  assert.deepEqual(history.map(({ text }) => text), ['one', 'to an empty room']);
});

matrix('T-22 B-283 B-391: no offline messages and no unread count of a room', on, async (stage) => {
  const { tom, made, guests: [bob] } = await room(stage, 'bob');
  await bob.client.close();
  await made.send('missed');
  const again = await stage.client('bob', { id: bob.client.id });
  await fence(tom, again);
  assert.deepEqual([...again.list('message', { cid: made.id }), ...again.list('unread', { cid: made.id })], []);
});

matrix('B-231 B-391: no receipts in a room', { ...on, sdks: having('receiptEvent') }, async (stage) => {
  const { tom, made, guests: [bob] } = await room(stage, 'bob');
  const sent = await made.send('receipt?', { receipt: true });
  await bob.client.get('message', { id: sent.id });
  await fence(bob.client, tom);
  assert.deepEqual(tom.list('receipt'), []);
});

matrix('B-385 W-150: nobody is added to a room or removed from it: 4314', on, async (stage) => {
  const { made, guests: [bob] } = await room(stage, 'bob');
  await assert.rejects(made.add([name('friend')]), { code: 4314 });
  await assert.rejects(made.remove([bob.client.id]), { code: 4314 });
  assert.equal(await made.count(), 2);
});

scene('B-385: room.allow_invite lets others be added and removed, as in 2015', on, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { sdk: v2, app: 'inviting' })));
  const made = await tom.createRoom({ name: 'room' });
  await made.add([bob.id]);
  assert.equal(await made.count(), 2);
  const sent = await made.send('welcome');
  await bob.get('message', { id: sent.id });
  await made.remove([bob.id]);
  assert.equal(await made.count(), 1);
});

matrix('T-24 B-380 B-409 W-151: a client whose line broke is back in its room without a call', on, async (stage) => {
  const line = await stage.line();
  const { made } = await room(stage);
  const bob = await stage.client('bob', { line });
  await (await bob.conversation(made.id)).join();
  line.close();
  await bob.get('disconnect');
  while (await made.count() !== 1);
  const after = bob.mark();
  line.restore();
  await bob.get(bob.generation === 2 ? 'open' : 'reconnect', {}, { after, within: 15_000 });
  const sent = await made.send('welcome back');
  await bob.get('message', { id: sent.id });
  assert.equal(await made.count(), 2);
});

matrix('T-24 B-380 B-381: not after the time is over (room.rejoin_seconds)', { ...on, sdks: having('modern') }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { app: 'brief' });
  const made = await tom.createRoom({ name: 'room' });
  const bob = await stage.client('bob', { line, app: 'brief' });
  await (await bob.conversation(made.id)).join();
  line.close();
  await bob.get('disconnect');
  // The second attempt of the SDK comes three seconds after the break, two after the room has forgotten.
  await bob.get('retry');
  const at = bob.mark();
  await bob.get('retry', {}, { after: at });
  line.restore();
  await bob.get('reconnect', {}, { within: 15_000 });
  assert.equal(await made.count(), 1);
});

matrix('B-382 B-19: who had left, or logged out, is not put back', { ...on, sdks: having('modern') }, async (stage) => {
  const line = await stage.line();
  const { made } = await room(stage);
  const bob = await stage.client('bob', { line });
  const there = await bob.conversation(made.id);
  await there.join();
  await there.leave();
  line.cut();
  await bob.get('reconnect');
  assert.equal(await made.count(), 1);
  await there.join();
  await bob.close();
  await stage.client('bob', { id: bob.id });
  assert.equal(await made.count(), 1);
});

matrix('B-376 W-151: a room made by a client whose line broke counts it again after the return', { ...on, sdks: having('modern') }, async (stage) => {
  const line = await stage.line();
  const bob = await stage.client('bob', { line });
  const made = await bob.createRoom({ name: 'mine' });
  line.cut();
  await bob.get('reconnect');
  assert.equal(await made.count(), 1);
});

scene('S-118 B-375: six hundred join; the count is 601 and all hear a message', { ...on, timeout: 120_000 }, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.createRoom({ name: 'big' });
  const hosts = await Promise.all(Array.from({ length: 6 }, (_, index) => stage.client(`host${index}`)));
  const guests = [...hosts];
  for (const host of hosts) {
    guests.push(...await Promise.all(Array.from({ length: 99 }, (_, index) => host.beside(name(`guest${index}`)))));
  }
  await Promise.all(guests.map(async (guest) => (await guest.conversation(made.id)).join()));
  assert.equal(await made.count(), 601);
  const sent = await made.send('hello everybody');
  await Promise.all(guests.map((guest) => guest.get('message', { id: sent.id })));
});

matrix('B-266 B-267 W-155: a priority is accepted in a room', { ...on, sdks: having('priority') }, async (stage) => {
  const { tom, made, guests: [bob] } = await room(stage, 'bob');
  for (const priority of Object.values(tom.im.MessagePriority)) {
    const sent = await made.send(`priority ${priority}`, { priority });
    await bob.client.get('message', { id: sent.id });
  }
});

matrix('B-269 B-270 W-155: for who reads slowly low messages are dropped, and then normal ones, never high ones; history has them all', { ...on, sdks: [v2, v5] }, async (stage, sdk) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { sdk: v5 });
  const made = await tom.createRoom({ name: 'room' });
  const bob = await stage.client('bob', { sdk, line });
  await (await bob.conversation(made.id)).join();
  const { HIGH, NORMAL, LOW } = tom.im.MessagePriority;
  const sendAll = async (priority, count, size) => {
    const sent = [];
    for (let done = 0; done < count; done += 100) {
      sent.push(...await Promise.all(Array.from({ length: Math.min(100, count - done) }, () => made.send('x'.repeat(size), { priority }))));
    }
    return sent.map(({ id }) => id);
  };
  line.stall();
  // More than the network takes in by itself, and then more than the server keeps for one connection.
  const low = await sendAll(LOW, 1_200, 5_000);
  const normal = await sendAll(NORMAL, 60, 100);
  const high = await sendAll(HIGH, 60, 100);
  line.flow();
  const last = await made.send('the last one', { priority: HIGH });
  await bob.get('message', { id: last.id });
  const got = new Set(bob.list('message', { cid: made.id }).map(({ id }) => id));
  const dropped = (ids) => ids.filter((id) => !got.has(id)).length;
  assert.deepEqual([dropped(high), dropped(low) > 0], [0, true]);
  assert.ok(dropped(normal) / normal.length <= dropped(low.slice(-60)) / 60, `${dropped(normal)} normal, ${dropped(low.slice(-60))} of the last low`);
  assert.deepEqual(bob.list('disconnect'), []);
  const kept = await made.history({ limit: 1_000 });
  assert.deepEqual(kept.map(({ id }) => id), [...low, ...normal, ...high, last.id].slice(-1_000));
});

scene('B-43 B-45: all four generations in one room', on, async (stage) => {
  const clients = await Promise.all(ALL.map((sdk) => stage.client(`of${sdk.generation}`, { sdk })));
  const made = await clients[0].createRoom({ name: 'mixed' });
  for (const client of clients.slice(1)) await (await client.conversation(made.id)).join();
  for (const sender of clients) {
    const sent = await (await sender.conversation(made.id)).send(`from ${sender.id}`);
    for (const receiver of clients) if (receiver !== sender) await receiver.get('message', { id: sent.id });
  }
  assert.equal(await made.count(), 4);
});

test('W-230: the clients in a room, at most 50, by the question of other SDKs', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const tom = name('tom');
  await client.login(tom);
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { transient: true } });
  const reply = await client.ask({ cmd: 'conv', op: 'members', convMessage: { cid } });
  assert.deepEqual([reply.op, reply.convMessage.m], ['members', [tom]]);
  client.close();
});
