// Settings of an app that change what its clients see.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fence } from '../harness/fence.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, scene, v2, v5 } from '../sdk/index.js';

let server;
before(async () => {
  server = await startServer({
    route: { ttl: '60s', insecure: true },
    session: { token_ttl: '600s' },
    connection: { frame_limit: '16KiB' },
    apps: {
      main: {},
      guides: { members: { event_rule: '2019' } },
      union: { members: { event_rule: 'union' } },
      small: {
        members: { max: 3 },
        temporary: { max_members: 2, default_ttl_seconds: 100, max_ttl_seconds: 200 },
        query: { default_limit: 2, max_limit: 3 },
        history: { default_limit: 2, max_limit: 3 },
        message: { edit_window_seconds: 1 },
        offline: { pushed_per_conversation: 2 },
      },
      single: { room: { one_per: 'client' } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server };

const MEMBER_EVENTS = ['invited', 'kicked', 'membersjoined', 'membersleft'];
const told = (client, cid, after) => client.all.slice(after).filter((item) => item.cid === cid && MEMBER_EVENTS.includes(item.kind)).map(({ kind }) => kind);

for (const [app, expected] of [
  ['guides', { invited: ['invited'], joining: ['membersjoined'], leaving: ['membersleft'] }],
  ['union', { invited: ['invited', 'membersjoined'], joining: ['invited', 'membersjoined'], leaving: ['kicked', 'membersleft'] }],
]) {
  matrix(`B-96: members.event_rule of ${app}`, { ...on, sdks: [v2, v5] }, async (stage) => {
    const [tom, bob, eve] = await Promise.all(['tom', 'bob', 'eve'].map((who) => stage.client(who, { app })));
    const made = await tom.create({ members: [] });
    await made.add([bob.id]);
    await bob.get('invited', { cid: made.id });
    await fence(tom, bob);
    assert.deepEqual(told(bob, made.id), expected.invited);
    const door = await eve.conversation(made.id);
    await door.join();
    await eve.get('membersjoined', { cid: made.id });
    await fence(tom, eve);
    assert.deepEqual(told(eve, made.id), expected.joining);
    const at = eve.mark();
    await door.leave();
    await eve.get('membersleft', { cid: made.id });
    await fence(tom, eve);
    assert.deepEqual(told(eve, made.id, at).sort(), expected.leaving);
  });
}

matrix('B-90 B-512: members.max', { ...on, sdks: [v2, v5] }, async (stage) => {
  const tom = await stage.client('tom', { app: 'small' });
  const made = await tom.create({ members: ['a', 'b'] });
  await assert.rejects(made.add(['c']), { code: 4304 });
});

matrix('B-155 B-156 W-163: temporary.max_members, default_ttl_seconds and max_ttl_seconds', { ...on, sdks: having('temporary') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'small' });
  await assert.rejects(tom.sdk.createTemporaryConversation({ members: ['a', 'b'] }), { code: 4304 });
  const seconds = async (ttl) => Math.round(((await tom.sdk.createTemporaryConversation({ members: [name('a')], ttl })).expiredAt - Date.now()) / 1_000);
  assert.equal(await seconds(undefined), 100);
  assert.equal(await seconds(150), 150);
  assert.equal(await seconds(5_000), 200);
});

matrix('B-329: query.default_limit and query.max_limit', { ...on, sdks: having('modern') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'small' });
  for (let index = 0; index < 4; index += 1) await tom.create({ members: [] });
  assert.equal((await tom.find()).length, 2);
  assert.equal((await tom.find({ limit: 100 })).length, 3);
});

matrix('B-297 B-298: history.default_limit and history.max_limit', { ...on, sdks: having('modern') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'small' });
  const made = await tom.create({ members: [] });
  for (let index = 0; index < 4; index += 1) await made.send(`${index}`);
  assert.deepEqual((await made.history()).map(({ text }) => text), ['2', '3']);
  assert.deepEqual((await made.history({ limit: 100 })).map(({ text }) => text), ['1', '2', '3']);
});

matrix('B-240: message.edit_window_seconds: afterwards 4403', { ...on, sdks: having('edit') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'small' });
  const made = await tom.create({ members: [] });
  const sent = await made.send('soon fixed');
  await made.edit(sent, 'fixed');
  const late = async () => { for (;;) await made.edit(sent, 'again'); };
  await assert.rejects(late(), { code: 4403 });
  assert.ok(Date.now() - sent.at >= 1_000);
});

scene('B-272: offline.pushed_per_conversation', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v2, app: 'small' });
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  for (let index = 0; index < 4; index += 1) await made.send(`${index}`);
  const bob = await stage.client('bob', { sdk: v2, app: 'small', id });
  await fence(tom, bob);
  assert.deepEqual(bob.list('message', { cid: made.id }).map(({ text }) => text), ['2', '3']);
});

matrix('B-379: by default two devices of a client may be in different rooms', on, async (stage) => {
  const phone = await stage.client('tom');
  const pad = await stage.client('tom', { id: phone.id });
  const [first, second] = [await phone.createRoom({ name: 'first' }), await pad.createRoom({ name: 'second' })];
  assert.deepEqual([await first.count(), await second.count()], [1, 1]);
});

matrix('B-379: with room.one_per = client they cannot', on, async (stage) => {
  const phone = await stage.client('tom', { app: 'single' });
  const pad = await stage.client('tom', { id: phone.id, app: 'single' });
  const [first, second] = [await phone.createRoom({ name: 'first' }), await pad.createRoom({ name: 'second' })];
  assert.deepEqual([await first.count(), await second.count()], [0, 1]);
});

test('W-7: route.insecure gives out ws:// whatever is asked for', async () => {
  const answer = await fetch(`${server.url}/v1/route?appId=${server.apps.main.id}&secure=1`, { headers: { 'x-forwarded-proto': 'https' } });
  const { server: address, secondary, ttl } = await answer.json();
  assert.deepEqual([new URL(address).protocol, new URL(secondary).protocol, ttl], ['ws:', 'ws:', 60]);
});

test('W-116: session.token_ttl is what a login says', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  assert.equal((await client.login(name('tom'))).sessionMessage.stTtl, 600);
  client.close();
});

test('W-32: connection.frame_limit', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await client.login(name('tom'));
  client.socket.send(Buffer.alloc(17_000, 1));
  assert.equal((await client.get('close')).code, 4109);
});

scene('B-1: two apps of one server know nothing of each other', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v5 });
  const other = await stage.client('tom', { sdk: v5, id: tom.id, app: 'guides' });
  const bob = await stage.client('bob', { sdk: v5 });
  const made = await bob.create({ members: [tom.id] });
  await made.send('for one of them');
  await tom.get('message', { cid: made.id });
  assert.equal(await other.conversation(made.id), null);
  assert.deepEqual(await other.ping([bob.id]), []);
  assert.deepEqual(other.all, []);
});
