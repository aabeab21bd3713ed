// Clients who are out and stay out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fence } from '../harness/fence.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { signer } from '../harness/signer.js';
import { having, matrix, name, refusal, scene, v2, v3, v4, v5 } from '../sdk/index.js';

let server;
before(async () => {
  server = await startServer({
    apps: {
      main: {},
      few: { members: { max_blocked: 2 }, room: { max_blocked: 3 } },
      without: { members: { blocklist: false } },
      signed: { signature: { blocklist: true } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server, sdks: having('restrictions') };

const BLOCKED = refusal(4548, 'BLOCKED_BY_CONV');
const sorted = (...ids) => ids.flat().sort();
const EVENTS = ['blocked', 'unblocked', 'membersblocked', 'membersunblocked', 'kicked', 'membersleft', 'invited', 'membersjoined'];
const told = (client, cid, after) => client.all.slice(after).filter((item) => item.cid === cid && EVENTS.includes(item.kind)).map(({ kind }) => kind).sort();

/** A conversation of tom's with bob and eve in it, of which all have been told. */
async function group(stage) {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  const made = await tom.create({ members: [bob.id, eve.id] });
  for (const client of [tom, bob, eve]) {
    await client.get('invited', { cid: made.id });
    await client.get('membersjoined', { cid: made.id });
  }
  return { tom, bob, eve, made, there: await bob.conversation(made.id) };
}

matrix('B-134 W-363 W-366: who is blocked is out, hears nothing more, cannot send and cannot join', on, async (stage) => {
  const { tom, bob, eve, made, there } = await group(stage);
  const { successfulClientIds, failures } = await made.block([bob.id]);
  assert.deepEqual([successfulClientIds, failures], [[bob.id], []]);
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, eve.id));
  await made.send('without bob');
  await eve.get('message', { text: 'without bob' });
  await fence(tom, bob);
  assert.deepEqual(bob.list('message', { cid: made.id }), []);
  await assert.rejects(there.send('let me in'), BLOCKED);
  await assert.rejects(there.join(), BLOCKED);
});

matrix('B-137 W-364: blocking is told to the blocked one, who is removed with it, and to those who stay', on, async (stage) => {
  const { tom, bob, eve, made } = await group(stage);
  const marks = new Map([tom, bob, eve].map((client) => [client, client.mark()]));
  await made.block([bob.id]);
  for (const kind of ['blocked', 'kicked']) assert.equal((await bob.get(kind, { cid: made.id })).by, tom.id);
  for (const client of [tom, eve]) {
    for (const kind of ['membersblocked', 'membersleft']) {
      const { by, members } = await client.get(kind, { cid: made.id });
      assert.deepEqual([by, members], [tom.id, [bob.id]]);
    }
  }
  for (const client of [bob, eve]) await fence(tom, client);
  assert.deepEqual(told(bob, made.id, marks.get(bob)), ['blocked', 'kicked']);
  for (const client of [tom, eve]) assert.deepEqual(told(client, made.id, marks.get(client)), ['membersblocked', 'membersleft']);
});

matrix('B-134 W-365: who is no longer blocked is told so, is not put back, and may join', on, async (stage) => {
  const { tom, bob, eve, made, there } = await group(stage);
  await made.block([bob.id]);
  assert.deepEqual((await made.unblock([bob.id])).successfulClientIds, [bob.id]);
  assert.equal((await bob.get('unblocked', { cid: made.id })).by, tom.id);
  for (const client of [tom, eve]) assert.deepEqual((await client.get('membersunblocked', { cid: made.id })).members, [bob.id]);
  assert.ok(!(await tom.conversation(made.id)).members.includes(bob.id));
  await there.join();
  const sent = await there.send('I am back');
  await eve.get('message', { id: sent.id });
});

matrix('B-134 B-128 W-366 W-461: a blocked client is not added, and the others of the same call are', on, async (stage) => {
  const { tom, bob, made } = await group(stage);
  await made.block([bob.id]);
  const friend = name('friend');
  const { successfulClientIds, failures } = await made.add([bob.id, friend]);
  assert.deepEqual(successfulClientIds, [friend]);
  assert.deepEqual(failures.map(({ code, clientIds }) => [code, clientIds]), [[4548, [bob.id]]]);
  BLOCKED(failures[0]);
  assert.ok(!(await tom.conversation(made.id)).members.includes(bob.id));
});

for (const old of [v2, v3]) {
  scene(`B-92 B-134 W-104 W-206: for an SDK that knows no partial success one blocked id refuses the whole call [${old.name}]`, { server: () => server }, async (stage) => {
    const [tom, bob] = [await stage.client('tom', { sdk: v5 }), await stage.client('bob', { sdk: old })];
    const blocked = await stage.client('blocked', { sdk: old });
    const made = await tom.create({ members: [bob.id, blocked.id] });
    const there = await bob.conversation(made.id);
    const outside = await blocked.conversation(made.id);
    await made.block([blocked.id]);
    assert.equal((await blocked.get('kicked', { cid: made.id })).by, tom.id);
    await assert.rejects(there.add([blocked.id, name('friend')]), BLOCKED);
    await assert.rejects(outside.join(), BLOCKED);
    await assert.rejects(outside.send('let me in'), BLOCKED);
    assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, bob.id));
    assert.deepEqual(bob.list('membersleft', { cid: made.id }).map(({ members }) => members), [[blocked.id]]);
    assert.deepEqual([...blocked.list('disconnect'), ...bob.list('disconnect')], []);
  });
}

matrix('B-134: one who never was a member can be blocked beforehand', on, async (stage) => {
  const { tom, eve, made } = await group(stage);
  const stranger = await stage.client('stranger');
  const at = eve.mark();
  await made.block([stranger.id]);
  await stranger.get('blocked', { cid: made.id });
  await assert.rejects((await stranger.conversation(made.id)).join(), BLOCKED);
  await fence(tom, stranger);
  await fence(tom, eve);
  assert.deepEqual([told(stranger, made.id, 0), told(eve, made.id, at)], [['blocked'], ['membersblocked']]);
});

matrix('B-138 B-130 W-367 W-250: the list comes in pages', on, async (stage) => {
  const { made } = await group(stage);
  const many = Array.from({ length: 112 }, (_, index) => `blocked-${index}`);
  await made.block(many);
  const first = await made.blocked();
  assert.deepEqual(first.results, many.slice(0, 10));
  assert.deepEqual((await made.blocked({ next: first.next, limit: 2 })).results, many.slice(10, 12));
  const large = await made.blocked({ limit: 500 });
  assert.deepEqual(large.results, many.slice(0, 100));
  const last = await made.blocked({ limit: 500, next: large.next });
  assert.deepEqual(last.results, many.slice(100));
  assert.ok(!last.next, `${last.next}`);
});

matrix('W-369: a stranger may neither block nor see who is', on, async (stage) => {
  const { bob, made } = await group(stage);
  const stranger = await (await stage.client('stranger')).conversation(made.id);
  const needed = refusal(4317, 'CONVERSATION_MEMBERSHIP_REQUIRED');
  await assert.rejects(stranger.block([bob.id]), needed);
  await assert.rejects(stranger.unblock([bob.id]), needed);
  await assert.rejects(stranger.blocked(), needed);
});

matrix('B-139 W-369: a full list takes nobody: 4543', on, async (stage) => {
  const tom = await stage.client('tom', { app: 'few' });
  const full = refusal(4543, 'BLACKLIST_FULL');
  const made = await tom.create({ members: ['bob', 'eve'] });
  await assert.rejects(made.block(['bob', 'one', 'two']), full);
  assert.deepEqual((await made.blocked()).results, []);
  await made.block(['one', 'two']);
  await assert.rejects(made.block(['bob']), full);
  assert.equal((await tom.conversation(made.id)).members.length, 3);
  const room = await tom.createRoom({ name: 'room' });
  await room.block(['one', 'two', 'three']);
  await assert.rejects(room.block(['four']), full);
});

matrix('W-369 B-512: with members.blocklist = false there are no block lists: 4544', on, async (stage) => {
  const tom = await stage.client('tom', { app: 'without' });
  const made = await tom.create({ members: ['bob'] });
  const off = refusal(4544, 'BLACKLIST_FEATURE_DISABLED');
  await assert.rejects(made.block(['bob']), off);
  await assert.rejects(made.unblock(['bob']), off);
  await assert.rejects(made.blocked(), off);
});

matrix('B-396 W-370 W-465: blocking takes a client out of a chat room, which it cannot enter again', on, async (stage) => {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  const made = await tom.createRoom({ name: 'room' });
  const [door] = await Promise.all([bob, eve].map(async (client) => {
    const place = await client.conversation(made.id);
    await place.join();
    return place;
  }));
  await made.block([bob.id]);
  await bob.get('blocked', { cid: made.id });
  for (const client of [tom, eve]) assert.deepEqual((await client.get('membersblocked', { cid: made.id })).members, [bob.id]);
  assert.equal(await made.count(), 2);
  await assert.rejects(door.join(), BLOCKED);
  await assert.rejects(door.send('from outside'), BLOCKED);
  const sent = await made.send('without bob');
  await eve.get('message', { id: sent.id });
  await fence(tom, bob);
  assert.deepEqual(bob.list('message', { cid: made.id }), []);
  await made.unblock([bob.id]);
  await door.join();
  assert.equal(await made.count(), 3);
});

matrix('B-418 B-428 W-446: with signature.blocklist both directions are signed', on, async (stage) => {
  const options = signer(server.apps.signed);
  const tom = await stage.client('tom', { app: 'signed', ...options });
  const made = await tom.create({ members: ['zoe', 'adam'] });
  await made.block(['zoe', 'adam']);
  await made.unblock(['adam', 'zoe']);
  assert.deepEqual(options.asked.slice(-2).map(({ action, members }) => [action, members]), [
    ['conversation-block-clients', ['adam', 'zoe']],
    ['conversation-unblock-clients', ['adam', 'zoe']],
  ]);
  assert.deepEqual((await made.blocked()).results, []);
});

matrix('B-432 W-444: without a signature, or with a wrong one, nothing is blocked: 4546', on, async (stage) => {
  const refused = refusal(4546, 'BLACKLIST_SIGNATURE_FAILED');
  const forge = (signed) => ({ ...signed, nonce: 'another' });
  for (const options of [{}, signer(server.apps.signed, { forge }), signer(server.apps.signed, { action: () => 'kick' })]) {
    const tom = await stage.client('tom', { app: 'signed', ...options });
    const made = await tom.create({ members: ['bob'] });
    await assert.rejects(made.block(['bob']), refused);
    await assert.rejects(made.unblock(['bob']), refused);
    assert.equal((await tom.conversation(made.id)).members.length, 2);
  }
});

matrix('B-140 R-114 W-260: the app blocks a client: it is told as if the maker had done it', on, async (stage) => {
  const { tom, bob, eve, made, there } = await group(stage);
  const list = `/1.2/rtm/conversations/${made.id}/blacklists`;
  await server.rest('POST', list, { client_ids: [bob.id] });
  for (const kind of ['blocked', 'kicked']) assert.equal((await bob.get(kind, { cid: made.id })).by, tom.id);
  for (const kind of ['membersblocked', 'membersleft']) assert.deepEqual((await eve.get(kind, { cid: made.id })).members, [bob.id]);
  await assert.rejects(there.join(), BLOCKED);
  assert.deepEqual((await server.rest('GET', list)).client_ids, [bob.id]);
  await server.rest('DELETE', list, { client_ids: [bob.id] });
  await bob.get('unblocked', { cid: made.id });
  await there.join();
});

matrix('B-135 B-140 R-115: the app keeps a client out of a conversation: nobody adds it', on, async (stage) => {
  const { eve, made } = await group(stage);
  await made.remove([eve.id]);
  await server.rest('POST', `/1.2/rtm/clients/${eve.id}/blacklists`, { conv_id: made.id });
  const { failures } = await made.add([eve.id]);
  assert.deepEqual(failures.map(({ code, clientIds }) => [code, clientIds]), [[4548, [eve.id]]]);
  await server.rest('DELETE', `/1.2/rtm/clients/${eve.id}/blacklists`, { conv_id: made.id });
  assert.deepEqual((await made.add([eve.id])).successfulClientIds, [eve.id]);
});

for (const [one, other] of [[v4, v5], [v5, v4]]) {
  scene(`B-137: ${one.name} blocks ${other.name}`, { server: () => server }, async (stage) => {
    const [tom, bob] = [await stage.client('tom', { sdk: one }), await stage.client('bob', { sdk: other })];
    const made = await tom.create({ members: [bob.id] });
    await bob.conversation(made.id);
    await made.block([bob.id]);
    await bob.get('blocked', { cid: made.id, by: tom.id });
    await bob.get('kicked', { cid: made.id, by: tom.id });
  });
}

test('B-135: a client blocks a conversation and nobody adds it again (no SDK of these offers it)', async () => {
  const [tom, bob] = [await RawClient.connect(server, { protocol: 'lc.protobuf2.3' }), await RawClient.connect(server, { protocol: 'lc.protobuf2.3' })];
  const [tomId, bobId] = [name('tom'), name('bob')];
  await tom.login(tomId, { configBitmap: 0xbb });
  await bob.login(bobId, { configBitmap: 0xbb });
  const { convMessage: { cid } } = await tom.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tomId] } });
  const ask = (op, fields) => bob.ask({ cmd: 'blacklist', op, blacklistMessage: { srcPid: bobId, ...fields } });
  assert.deepEqual((await ask('block', { toCids: [cid] })).blacklistMessage.allowedPids, [cid]);
  assert.deepEqual((await ask('query', {})).blacklistMessage.blockedCids, [cid]);
  const refused = await tom.ask({ cmd: 'conv', op: 'add', convMessage: { cid, m: [bobId] } });
  assert.deepEqual(refused.convMessage.failedPids.map(({ code, pids }) => [code, pids]), [[4548, [bobId]]]);
  await ask('unblock', { toCids: [cid] });
  assert.deepEqual((await tom.ask({ cmd: 'conv', op: 'add', convMessage: { cid, m: [bobId] } })).convMessage.allowedPids, [bobId]);
  for (const client of [tom, bob]) client.close();
});
