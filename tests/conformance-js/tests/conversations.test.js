// Creating conversations, members and who is told of them, names and attributes, muting, counting, fetching.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { fence } from '../harness/fence.js';
import { having, matrix, name, scene, v2, v3 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());
const on = { server: () => server };

const sorted = (...ids) => ids.flat().sort();
const UNKNOWN = '0123456789abcdef01234567';

matrix('B-61 B-64 W-174 W-143: a conversation is created and found by its id with what it was given', on, async (stage) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  const made = await tom.create({ members: [jerry.id], name: 'Tom & Jerry', attr: { tag: 'private', n: 1, nested: { a: [1, null] } } });
  assert.match(made.id, /^[0-9a-f]{24}$/);
  const found = await jerry.conversation(made.id);
  assert.equal(found.name, 'Tom & Jerry');
  assert.deepEqual(found.attr, { tag: 'private', n: 1, nested: { a: [1, null] } });
  assert.deepEqual(sorted(found.members), sorted(tom.id, jerry.id));
  assert.equal(found.creator, tom.id);
  assert.ok(Math.abs(found.createdAt - Date.now()) < 60_000);
});

matrix('B-62 W-171: the creator is a member unasked, and doubles count once', on, async (stage) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  const made = await tom.create({ members: [jerry.id, jerry.id, tom.id] });
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, jerry.id));
});

matrix('S-26 B-66: every creation makes a new conversation, also with equal members and name', on, async (stage) => {
  const tom = await stage.client('tom');
  const [one, other] = [await tom.create({ members: ['jerry'], name: 'x' }), await tom.create({ members: ['jerry'], name: 'x' })];
  assert.notEqual(one.id, other.id);
});

matrix('T-30 B-67 W-176 W-412: a unique conversation is found again by its members, whatever its name, order and creator', on, async (stage) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  const third = name('third');
  const made = await tom.create({ members: [jerry.id, third], unique: true, name: 'first' });
  const again = await jerry.create({ members: [third, tom.id], unique: true, name: 'second' });
  assert.equal(again.id, made.id);
  assert.equal((await jerry.conversation(made.id)).name, 'first');
  const fewer = await tom.create({ members: [jerry.id], unique: true });
  assert.notEqual(fewer.id, made.id);
});

matrix('B-67: a unique conversation is not an equal one that was not made as unique', on, async (stage) => {
  const tom = await stage.client('tom');
  const other = name('other');
  const common = await tom.create({ members: [other] });
  const unique = await tom.create({ members: [other], unique: true });
  assert.notEqual(unique.id, common.id);
});

matrix('B-68: two clients that ask for the same set at the same moment get one conversation', on, async (stage) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  for (let turn = 0; turn < 5; turn += 1) {
    const third = name('third');
    const [one, other] = await Promise.all([
      tom.create({ members: [jerry.id, third], unique: true }),
      jerry.create({ members: [tom.id, third], unique: true }),
    ]);
    assert.equal(one.id, other.id);
  }
});

matrix('B-70 W-177: a unique conversation is found by the members it was made with, also after they changed', on, async (stage) => {
  const tom = await stage.client('tom');
  const [other, late] = [name('other'), name('late')];
  const made = await tom.create({ members: [other], unique: true });
  await (await tom.conversation(made.id)).add([late]);
  assert.equal((await tom.create({ members: [other], unique: true })).id, made.id);
});

matrix('S-35 S-87 B-63: a group of people who never logged in; they find it when they do', on, async (stage) => {
  const tom = await stage.client('tom');
  const [bob, harry, william] = [name('bob'), name('harry'), name('william')];
  const made = await tom.create({ members: [bob, harry, william] });
  const late = await stage.client('bob', { id: bob });
  assert.deepEqual((await late.find()).map(({ id }) => id), [made.id]);
  assert.deepEqual(sorted((await late.conversation(made.id)).members), sorted(tom.id, bob, harry, william));
});

matrix('S-100 B-51: a Chinese name, seen by the other', on, async (stage) => {
  const [tom, black] = await stage.clients('tom', 'black');
  const made = await tom.create({ members: [black.id], name: '喵星人' });
  assert.equal((await black.conversation(made.id)).name, '喵星人');
});

matrix('B-65 W-180 W-182 W-86: creation tells every member online, the creator too: invited, then members joined', on, async (stage, sdk) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  const made = await tom.create({ members: [jerry.id] });
  for (const client of [tom, jerry]) {
    assert.equal((await client.get('invited', { cid: made.id })).by, tom.id);
    const joined = await client.get('membersjoined', { cid: made.id });
    assert.equal(joined.by, tom.id);
    assert.deepEqual(joined.members, sorted(tom.id, jerry.id));
    // 3.5.7 and 4.3.1 fetch the conversation once for each event, and raise them as the answers come.
    if (sdk !== v2) continue;
    const kinds = client.all.filter(({ cid }) => cid === made.id).map(({ kind }) => kind);
    assert.ok(kinds.indexOf('invited') < kinds.indexOf('membersjoined'), `${kinds}`);
  }
});

matrix('S-88 S-91 S-95 T-14 B-95 W-209: adding: the added one is invited, all are told', on, async (stage) => {
  const [jerry, harry, mary] = await stage.clients('jerry', 'harry', 'mary');
  const made = await jerry.create({ members: [harry.id] });
  for (const client of [jerry, harry]) await client.get('membersjoined', { cid: made.id });
  const [jerryAt, harryAt] = [jerry.mark(), harry.mark()];
  await made.add([mary.id]);
  assert.equal((await mary.get('invited', { cid: made.id })).by, jerry.id);
  for (const [client, from] of [[jerry, jerryAt], [harry, harryAt], [mary, 0]]) {
    const joined = await client.get('membersjoined', { cid: made.id, by: jerry.id }, { after: from });
    assert.deepEqual(joined.members, [mary.id]);
  }
  await made.send('welcome');
  await mary.get('message', { text: 'welcome' });
  assert.deepEqual(harry.list('invited', { cid: made.id }).map(({ by }) => by), [jerry.id]);
});

matrix('S-92 B-86 B-95 W-209 W-202: joining: the newcomer is told twice, the others once', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await bob.create({ members: [] });
  await bob.get('membersjoined', { cid: made.id });
  const at = bob.mark();
  await (await tom.conversation(made.id)).join();
  assert.equal((await tom.get('invited', { cid: made.id })).by, tom.id);
  assert.deepEqual((await tom.get('membersjoined', { cid: made.id })).members, [tom.id]);
  const seen = await bob.get('membersjoined', { cid: made.id }, { after: at });
  assert.deepEqual([seen.by, seen.members], [tom.id, [tom.id]]);
  assert.ok((await bob.conversation(made.id)).members.includes(tom.id));
  await made.send('hello tom');
  await tom.get('message', { text: 'hello tom' });
  assert.deepEqual(bob.list('invited', { by: tom.id }), []);
});

matrix('S-89 S-90 S-97 B-88 B-95 W-210: any member removes any other: that one is kicked, the others are told', on, async (stage) => {
  const [jerry, harry, william] = await stage.clients('jerry', 'harry', 'william');
  const made = await jerry.create({ members: [harry.id, william.id] });
  await (await william.conversation(made.id)).remove([harry.id]);
  assert.equal((await harry.get('kicked', { cid: made.id })).by, william.id);
  for (const client of [jerry, william]) {
    const left = await client.get('membersleft', { cid: made.id });
    assert.deepEqual([left.by, left.members], [william.id, [harry.id]]);
  }
  await fence(jerry, harry);
  assert.deepEqual(harry.list('membersleft', { cid: made.id }), []);
  assert.deepEqual([...jerry.list('kicked'), ...william.list('kicked')], []);
});

matrix('S-96 B-93 B-95 W-210: leaving: the leaver alone is kicked, by itself; it gets nothing more and cannot send', on, async (stage) => {
  const [tom, bob, harry] = await stage.clients('tom', 'bob', 'harry');
  const made = await bob.create({ members: [tom.id, harry.id] });
  const here = await tom.conversation(made.id);
  await here.leave();
  assert.equal((await tom.get('kicked', { cid: made.id })).by, tom.id);
  for (const client of [bob, harry]) {
    assert.deepEqual((await client.get('membersleft', { cid: made.id })).members, [tom.id]);
  }
  await made.send('without tom');
  await harry.get('message', { text: 'without tom' });
  await fence(bob, tom);
  assert.deepEqual([...tom.list('message', { cid: made.id }), ...tom.list('membersleft', { cid: made.id })], []);
  await assert.rejects(here.send('let me in'), { code: 4401 });
});

matrix('B-95 W-259 W-284: a second device of the acting client is told as well', on, async (stage) => {
  const phone = await stage.client('tom');
  const pad = await stage.client('tom', { id: phone.id });
  const jerry = await stage.client('jerry');
  const made = await phone.create({ members: [] });
  await made.add([jerry.id]);
  await made.remove([jerry.id]);
  for (const device of [phone, pad]) {
    await device.get('invited', { cid: made.id });
    await device.get('membersjoined', ({ cid, members }) => cid === made.id && members.includes(jerry.id));
    await device.get('membersleft', { cid: made.id });
  }
});

matrix('S-93 S-94 B-98 B-99: a client that is only logged in hears of members on the client, and of a loaded conversation on that too', { ...on, sdks: having('modern') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  await bob.conversation(made.id);
  const eve = name('eve');
  await made.add([eve]);
  const own = await bob.get('membersjoined', ({ cid, members }) => cid === made.id && members.includes(eve));
  assert.deepEqual(own.members, [eve]);
  await bob.get('conversation membersjoined', { cid: made.id });
});

matrix('B-91 W-204: adding a member or removing a stranger succeeds and tells nobody', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  await bob.get('membersjoined', { cid: made.id });
  const at = bob.mark();
  await made.add([bob.id]);
  await made.remove([name('stranger')]);
  await fence(tom, bob);
  assert.deepEqual(bob.list('membersjoined', { cid: made.id }, { after: at }), []);
  assert.deepEqual(bob.list('membersleft', { cid: made.id }, { after: at }), []);
  assert.deepEqual(sorted((await bob.conversation(made.id)).members), sorted(tom.id, bob.id));
});

matrix('B-89 W-207 W-208: a stranger who adds or removes others is refused with 4317', on, async (stage) => {
  const [tom, stranger] = await stage.clients('tom', 'stranger');
  const made = await tom.create({ members: ['bob'] });
  const there = await stranger.conversation(made.id);
  await assert.rejects(there.add([name('friend')]), { code: 4317 });
  await assert.rejects(there.remove(['bob']), { code: 4317 });
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, 'bob'));
});

matrix('W-170 B-187: an id that is no conversation is refused with 4303, for a message with 4401', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [] });
  made.sdk.id = UNKNOWN;
  await assert.rejects(made.join(), { code: 4303 });
  await assert.rejects(made.count(), { code: 4303 });
  await assert.rejects(made.update({ name: 'x' }), { code: 4303 });
  await assert.rejects(made.send('hello?'), { code: 4401 });
  await assert.rejects(made.history(), { code: 4303 });
});

matrix('W-203 B-92: the reply to add and remove lists who is in and who is out', { ...on, sdks: having('partial') }, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [] });
  const [a, b] = [name('a'), name('b')];
  const added = await made.add([a, b]);
  assert.deepEqual(sorted(added.successfulClientIds), sorted(a, b));
  assert.deepEqual(added.failures, []);
  const removed = await made.remove([a, name('c')]);
  assert.equal(removed.successfulClientIds.length, 2);
});

matrix('B-48 B-103 T-17 B-84: the creator may leave; it stays the creator and the conversation goes on', on, async (stage) => {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  const made = await tom.create({ members: [bob.id, eve.id] });
  await made.leave();
  const there = await bob.conversation(made.id);
  assert.equal(there.creator, tom.id);
  await there.send('still here');
  await eve.get('message', { text: 'still here' });
});

matrix('B-46: a third member makes a group of the same conversation', on, async (stage) => {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  const made = await tom.create({ members: [bob.id] });
  await made.send('for two');
  await made.add([eve.id]);
  await eve.get('invited', { cid: made.id });
  const there = await eve.conversation(made.id);
  assert.deepEqual((await there.history()).map(({ text }) => text), ['for two']);
});

matrix('T-27 B-72 B-90 W-145: 500 members are good, one more is refused with 4304', on, async (stage) => {
  const tom = await stage.client('tom');
  const many = Array.from({ length: 500 }, (_, index) => `member-${index}`);
  await assert.rejects(tom.create({ members: many }), { code: 4304 });
  const full = await tom.create({ members: many.slice(1) });
  assert.equal(await full.count(), 500);
  await assert.rejects(full.add(['one more']), { code: 4304 });
  assert.equal(await full.count(), 500);
  assert.equal((await tom.conversation(full.id)).members.length, 500);
});

matrix('S-98 S-99 B-111 W-229: the member count is live', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: ['x', 'y'] });
  const [{ id }] = await tom.find();
  assert.equal(id, made.id);
  const first = await tom.conversation(id);
  assert.equal(await first.count(), 3);
  await (await bob.conversation(made.id)).join();
  assert.equal(await first.count(), 4);
  await (await bob.conversation(made.id)).leave();
  assert.equal(await first.count(), 3);
});

matrix('S-101 T-31 B-76 B-77: any member renames, and the others fetch the new name', on, async (stage) => {
  const [tom, black] = await stage.clients('tom', 'black');
  const made = await tom.create({ members: [black.id], name: 'before' });
  await (await black.conversation(made.id)).update({ name: '聪明的喵星人' });
  assert.equal((await tom.conversation(made.id)).name, '聪明的喵星人');
});

matrix('T-31 T-18 B-78 W-216: a dotted key changes that entry alone; a plain one the whole', on, async (stage, sdk) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id], attr: { a: 1, b: { c: 2 } } });
  for (const [change, value] of [
    [{ 'attr.a': 5 }, { a: 5, b: { c: 2 } }],
    [{ 'attr.b.d.e': 'deep' }, { a: 5, b: { c: 2, d: { e: 'deep' } } }],
    [{ attr: { only: true } }, { only: true }],
  ]) {
    const after = bob.mark();
    await made.update(change);
    if (sdk.can.has('info')) await bob.get('info', { cid: made.id }, { after });
    assert.deepEqual((await bob.conversation(made.id)).attr, value);
  }
});

matrix('W-215 W-220: a Delete operation takes an entry away', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [], attr: { keep: 1, drop: 2 } });
  await made.update({ 'attr.drop': { __op: 'Delete' } });
  assert.deepEqual((await (await stage.client('bob')).conversation(made.id)).attr, { keep: 1 });
});

matrix('W-215: Increment, Add, AddUnique and Remove change a value where it is', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [], attr: { n: 1, list: ['a'] } });
  const value = async () => (await bob.conversation(made.id)).attr;
  await made.update({ 'attr.n': { __op: 'Increment', amount: 4 } });
  assert.equal((await value()).n, 5);
  await made.update({ 'attr.list': { __op: 'Add', objects: ['a', 'b'] } });
  assert.deepEqual((await value()).list, ['a', 'a', 'b']);
  await made.update({ 'attr.list': { __op: 'Remove', objects: ['a'] } });
  assert.deepEqual((await value()).list, ['b']);
  await made.update({ 'attr.list': { __op: 'AddUnique', objects: ['b', 'c'] } });
  assert.deepEqual((await value()).list, ['b', 'c']);
});

matrix("B-58 B-59: a property of the app's own at the top level is stored, changed and queried", on, async (stage, sdk) => {
  const tom = await stage.client('tom');
  const topic = name('topic');
  const made = await tom.create({ members: [], ...(sdk !== v2 && { topic }) });
  if (sdk === v2) await made.update({ topic });
  assert.equal((await tom.conversation(made.id)).get('topic'), topic);
  const found = await tom.find({ where: { topic }, build: (query) => query.equalTo('topic', topic) });
  assert.deepEqual(found.map(({ id }) => id), [made.id]);
});

matrix('B-79 B-80 W-222: the members online are told what changed, the one who did it included', { ...on, sdks: having('info') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id], name: 'old', attr: { a: 1, b: 2 } });
  // Its events make the SDK fetch the conversation; a fetch under way would bring the old values back.
  await bob.get('membersjoined', { cid: made.id });
  const there = await bob.conversation(made.id);
  await made.update({ name: 'new', 'attr.a': 3 });
  for (const client of [tom, bob]) {
    const info = await client.get('info', { cid: made.id });
    assert.equal(info.by, tom.id);
    assert.equal(info.attributes.name, 'new');
  }
  assert.deepEqual([there.name, there.attr], ['new', { a: 3, b: 2 }]);
});

matrix("B-76 W-218: a stranger's change is refused with 4309", on, async (stage) => {
  const [tom, stranger] = await stage.clients('tom', 'stranger');
  const made = await tom.create({ members: [], name: 'mine' });
  await assert.rejects((await stranger.conversation(made.id)).update({ name: 'yours' }), { code: 4309 });
  assert.equal((await tom.conversation(made.id)).name, 'mine');
});

matrix("B-82 W-217: the server's own fields cannot be set: 4306, and nothing is changed", on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [], name: 'before' });
  const fresh = async () => (await tom.conversation(made.id));
  for (const key of ['m', 'c', 'objectId', 'createdAt', 'lm', 'tr', 'unique']) {
    await assert.rejects((await fresh()).update({ [key]: ['x'], name: 'after' }), { code: 4306 }, key);
  }
  const found = await (await stage.client('bob')).conversation(made.id);
  assert.deepEqual([found.name, found.creator, found.members], ['before', tom.id, [tom.id]]);
});

matrix('S-102 T-16 B-104 B-105 B-108 W-225 W-226: muting puts the member into mu and unmuting takes it out; messages arrive all the same', { ...on, sdks: having('mute') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  await made.mute();
  await made.mute();
  assert.deepEqual((await bob.conversation(made.id)).mutedBy, [tom.id]);
  await (await bob.conversation(made.id)).send('do you hear me');
  await tom.get('message', { text: 'do you hear me' });
  await made.unmute();
  await made.unmute();
  assert.deepEqual((await bob.conversation(made.id)).mutedBy, []);
});

matrix('B-109: leaving takes the client out of mu', { ...on, sdks: having('mute') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  await made.mute();
  await made.leave();
  assert.deepEqual((await bob.conversation(made.id)).mutedBy, []);
});

matrix('W-228: a stranger cannot mute: 4317', { ...on, sdks: having('mute') }, async (stage) => {
  const [tom, stranger] = await stage.clients('tom', 'stranger');
  const made = await tom.create({ members: [] });
  await assert.rejects((await stranger.conversation(made.id)).mute(), { code: 4317 });
});

matrix('S-104 B-322 W-411: an unknown id gives none, and no error', on, async (stage) => {
  const tom = await stage.client('tom');
  assert.equal(await tom.conversation(UNKNOWN), null);
  assert.equal(await tom.conversation('no such thing'), null);
});

matrix('S-103 S-104 B-52: tagged by its attributes, read by the other and found by a query', on, async (stage) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  const tag = name('private');
  const made = await tom.create({ members: [jerry.id], name: 'tagged', attr: { tag } });
  assert.equal((await jerry.conversation(made.id)).attr.tag, tag);
  const found = await jerry.find({ where: { 'attr.tag': tag }, build: (query) => query.equalTo('attr.tag', tag) });
  assert.deepEqual(found.map(({ id }) => id), [made.id]);
});

matrix('B-323: several by a list of ids', { ...on, sdks: [v2] }, async (stage) => {
  const tom = await stage.client('tom');
  const [one, other] = [await tom.create(), await tom.create()];
  const found = await tom.find({ where: { roomIds: [one.id, other.id, UNKNOWN] } });
  assert.deepEqual(sorted(found.map(({ id }) => id)), sorted(one.id, other.id));
});

matrix('B-323 S-104: several by a list of ids, and those that are not there', { ...on, sdks: having('modern') }, async (stage) => {
  const tom = await stage.client('tom');
  const [one, other] = [await tom.create(), await tom.create()];
  const found = await (await stage.client('bob')).sdk.getConversations([one.id, UNKNOWN, other.id], true);
  assert.deepEqual(found.map((conversation) => conversation && conversation.id), [one.id, null, other.id]);
});

matrix('W-405: the member list of 2015 is a query by id', { ...on, sdks: [v2] }, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: ['x'] });
  assert.deepEqual(sorted(await made.list()), sorted(tom.id, 'x'));
});

scene('T-15 B-100 B-101: who is added and removed while offline is not told later by the 2015 protocol; a query shows it', on, async (stage) => {
  const id = name('sleeper');
  const tom = await stage.client('tom');
  const [stays, gone] = [await tom.create({ members: [id] }), await tom.create({ members: [id] })];
  await gone.remove([id]);
  const sleeper = await stage.client('sleeper', { sdk: v2, id });
  assert.deepEqual((await sleeper.find()).map((found) => found.id), [stays.id]);
  await fence(tom, sleeper);
  const told = sleeper.all.filter(({ kind, cid }) => ['invited', 'kicked', 'membersjoined', 'membersleft'].includes(kind) && [stays.id, gone.id].includes(cid));
  assert.deepEqual(told, []);
});

test('W-85 W-254 W-255 W-256 W-73 W-74: events carry cid, actor and time, no serial id, and come after the reply', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const [tom, bob] = [name('tom'), name('bob')];
  await client.login(tom, { configBitmap: 0xbb });
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom] } });
  await client.ask({ cmd: 'conv', op: 'add', convMessage: { cid, m: [bob] } });
  await client.ask({ cmd: 'conv', op: 'remove', convMessage: { cid, m: [tom] } });
  await client.get('frame', { op: 'left' });
  const ops = client.list('frame').map(({ op }) => op);
  assert.deepEqual(ops, ['opened', 'started', 'joined', 'members_joined', 'added', 'members_joined', 'removed', 'left']);
  for (const event of client.list('frame', ({ i }) => i === undefined)) {
    assert.equal(event.convMessage.initBy, tom);
    assert.equal(event.convMessage.cid, cid);
    assert.match(event.convMessage.udate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(event.serverTs > 0);
    assert.equal(event.service, 2);
    assert.equal(event.peerId, tom);
    assert.equal(event.notificationType, ['joined', 'left'].includes(event.op) ? 1 : undefined);
  }
  client.close();
});

test('W-219 W-220 W-221 W-223: the reply to an update gives the request and the complete new values', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await client.login(name('tom'), { configBitmap: 0xbb });
  const json = (data) => ({ data: JSON.stringify(data) });
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { attr: json({ name: 'n', attr: { a: 1, b: 2 } }) } });
  const request = { 'attr.a': 5, 'attr.b': { __op: 'Delete' }, name: 'x' };
  const reply = await client.ask({ cmd: 'conv', op: 'update', convMessage: { cid, attr: json(request) } });
  assert.equal(reply.op, 'updated');
  assert.deepEqual(JSON.parse(reply.convMessage.attr.data), request);
  assert.deepEqual(JSON.parse(reply.convMessage.attrModified.data), { attr: { a: 5 }, name: 'x' });
  assert.match(reply.convMessage.udate, /Z$/);
  const gone = await client.ask({ cmd: 'conv', op: 'update', convMessage: { cid, attr: json({ name: { __op: 'Delete' } }) } });
  assert.equal(gone.convMessage.attrModified.data, '{}');
  const mixed = await client.ask({ cmd: 'conv', op: 'update', convMessage: { cid, attr: json({ attr: {}, 'attr.x': 1 }) } });
  assert.equal(mixed.errorMessage.code, 4306);
  client.close();
});

test('W-183: a member id that is empty or too long is refused with 4301', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await client.login(name('tom'));
  for (const bad of ['', 'x'.repeat(65)]) {
    const reply = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: ['good', bad] } });
    assert.equal(reply.errorMessage.code, 4301);
    assert.ok(reply.errorMessage.detail.length > 0);
  }
  client.close();
});

test("W-232 W-230 W-231: membership questions; a room's question to a normal conversation is refused with 4316", async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const tom = name('tom');
  await client.login(tom);
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom] } });
  const reply = await client.ask({ cmd: 'conv', op: 'is_member', convMessage: { cids: [cid, UNKNOWN] } });
  assert.deepEqual(JSON.parse(reply.convMessage.results.data), { [cid]: true, [UNKNOWN]: false });
  const refused = await client.ask({ cmd: 'conv', op: 'members', convMessage: { cid } });
  assert.equal(refused.errorMessage.code, 4316);
  client.close();
});

scene('B-79: the 2015 protocol is not told of changed attributes', on, async (stage) => {
  const old = await stage.client('old', { sdk: v2 });
  const tom = await stage.client('tom', { sdk: v3 });
  const made = await tom.create({ members: [old.id], name: 'a' });
  await made.update({ name: 'b' });
  await fence(tom, old);
  assert.deepEqual(old.list('error'), []);
  assert.deepEqual(old.thrown, []);
});
