// Losing and finding the network: what the SDKs report, what comes back by itself, restarts and time-outs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { deadline, once } from '../harness/events.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, scene, v2, v4, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer({ session: { login_timeout: '1s' }, drain: { grace: '500ms' }, connection: { legacy_ping: '1s', legacy_pong: '1s' } }); });
after(() => server.dispose());
const on = { server: () => server };

const backOnline = (client, options) => client.get(client.generation === 2 ? 'open' : 'reconnect', {}, { within: 20_000, ...options });

matrix('S-125 S-126 B-397 B-398 B-399 B-403 B-409: a broken line is reported once, comes back by itself, and messages flow again', on, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom');
  const bob = await stage.client('bob', { line });
  const made = await tom.create({ members: [bob.id] });
  await bob.get('invited', { cid: made.id });
  const at = bob.mark();
  line.cut();
  await bob.get('disconnect', {}, { after: at });
  await backOnline(bob, { after: at });
  assert.equal(bob.list('disconnect', {}, { after: at }).length, 1);
  const sent = await made.send('after the break');
  await bob.get('message', { id: sent.id });
  const answer = await (await bob.conversation(made.id)).send('I am back');
  await tom.get('message', { id: answer.id });
});

matrix('S-126 B-415: a message sent during the break arrives after it', { ...on, sdks: [v2] }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom');
  const bob = await stage.client('bob', { line });
  const made = await tom.create({ members: [bob.id] });
  line.close();
  await bob.get('disconnect');
  const sent = await made.send('meanwhile');
  line.restore();
  await bob.get('message', { id: sent.id }, { within: 20_000 });
});

matrix('S-127 B-401: during the break a send and a query end with an error', { ...on, sdks: having('modern') }, async (stage) => {
  const line = await stage.line();
  const bob = await stage.client('bob', { line });
  const made = await bob.create({ members: [] });
  line.close();
  await bob.get('disconnect');
  await assert.rejects(made.send('nobody hears'));
  await assert.rejects(bob.find());
});

matrix('B-409 W-64 W-84: all clients of a connection come back with it', { ...on, sdks: having('modern') }, async (stage) => {
  const line = await stage.line();
  const first = await stage.client('first', { line });
  const others = await Promise.all([1, 2, 3].map((index) => first.beside(name(`other${index}`))));
  line.cut();
  await Promise.all([first, ...others].map((client) => backOnline(client)));
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [first, ...others].map(({ id }) => id) });
  const sent = await made.send('all here');
  for (const client of [first, ...others]) await client.get('message', { id: sent.id });
});

matrix('W-96 W-117 B-28: a reconnect keeps the tag: the next device with it displaces the one that came back', { ...on, sdks: having('tag') }, async (stage) => {
  const line = await stage.line();
  const old = await stage.client('tom', { line, tag: 'mobile' });
  line.cut();
  await backOnline(old);
  await stage.client('tom', { id: old.id, tag: 'mobile' });
  await old.get('conflict');
});

matrix('B-32 B-410 W-126: a displaced device that comes back is refused and the other stays', { ...on, sdks: [v4, v5] }, async (stage) => {
  const line = await stage.line();
  const old = await stage.client('tom', { line, tag: 'mobile' });
  line.close();
  await old.get('disconnect');
  const young = await stage.client('tom', { id: old.id, tag: 'mobile' });
  line.restore();
  assert.equal((await old.get('reconnecterror', {}, { within: 20_000 })).code, 4111);
  assert.deepEqual(young.list('conflict'), []);
});

test('W-43 B-10: a connection on which nobody logs in is closed with 4108', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  assert.equal((await client.get('close')).code, 4108);
});

test('W-41 W-399 B-20: a silent connection of 2015 is pinged and stays as long as it answers', async () => {
  const client = await RawClient.connect(server);
  const tom = name('tom');
  await client.login(tom);
  for (let turn = 0; turn < 3; turn += 1) await once(client.socket, 'ping');
  assert.deepEqual((await client.ask({ cmd: 'session', op: 'query', sessionPeerIds: [tom] })).onlineSessionPeerIds, [tom]);
  client.close();
});

test('W-41 B-20 B-38: a connection of 2015 that does not answer pings is given up, and its client is offline', async () => {
  const line = await server.line();
  const client = await RawClient.connect({ apps: server.apps, socketUrl: `ws://127.0.0.1:${line.port}` });
  const observer = await RawClient.connect(server);
  const tom = name('tom');
  await client.login(tom);
  await observer.login(name('observer'));
  line.freeze();
  const online = async () => (await observer.ask({ cmd: 'session', op: 'query', sessionPeerIds: [tom] })).onlineSessionPeerIds;
  await deadline((async () => { while ((await online()).length > 0); })(), 'noticing the dead connection');
  client.close();
  observer.close();
});

matrix('B-411 W-119 W-52 issue 1: a restart: every client is told, comes back by itself and misses nothing', { timeout: 90_000, server: () => server }, async (stage, sdk) => {
  const line = await stage.line();
  const tom = await stage.client('tom');
  const bob = await stage.client('bob', { line });
  const made = await tom.create({ members: [bob.id], name: 'survives' });
  const before = await made.send('before');
  await bob.get('message', { id: before.id });
  const marks = [tom.mark(), bob.mark()];
  const ended = await server.stop();
  assert.deepEqual(ended, { code: 0, signal: null });
  await server.start();
  await Promise.all([tom, bob].map((client, index) => backOnline(client, { after: marks[index], within: 30_000 })));
  const later = await (await tom.conversation(made.id)).send('after');
  await bob.get('message', { id: later.id });
  const there = await bob.conversation(made.id);
  assert.equal(there.name, 'survives');
  assert.deepEqual((await there.history()).map(({ id }) => id), [before.id, later.id]);
  // Those that know the command asked for the route again when they were told to go.
  if (sdk.can.has('goaway')) assert.equal(line.seen.filter((question) => question.startsWith('GET /v1/route')).length, 2);
});

scene('W-50 W-51 B-412 B-411: on a graceful stop a modern SDK is told to go elsewhere, once for a connection', { timeout: 60_000, ...on }, async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const legacy = await RawClient.connect(server);
  const [tom, bob] = [name('tom'), name('bob')];
  await client.login(tom);
  await client.login(bob);
  await legacy.login(name('old'));
  const stopping = server.stop();
  const goaway = await client.get('frame', { cmd: 'goaway' });
  assert.deepEqual([goaway.service, goaway.peerId, 'i' in goaway], [2, tom, false]);
  const started = await client.ask({ cmd: 'conv', op: 'start', peerId: tom, convMessage: { m: [tom] } });
  assert.equal(started.op, 'started');
  assert.equal((await client.get('close')).code, 1001);
  assert.equal((await legacy.get('close')).code, 1001);
  assert.equal(client.list('frame', { cmd: 'goaway' }).length, 1);
  assert.deepEqual(legacy.list('frame', { cmd: 'goaway' }), []);
  await stopping;
  await server.start();
});

scene('issue 1: /health says 503 while the server drains', on, async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await client.login(name('tom'));
  const stopping = server.stop();
  await client.get('frame', { cmd: 'goaway' });
  const answer = await fetch(`${server.url}/health`).then(({ status }) => status, () => 'refused');
  assert.ok([503, 'refused'].includes(answer), `${answer}`);
  await stopping;
  await server.start();
});
