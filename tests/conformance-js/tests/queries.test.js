// Finding conversations: every operator of the SDKs' query builders and of the 2015 where, sorting, paging, flags.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, refusal, scene, v2 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(async () => {
  for (const made of libraries.values()) await (await made).librarian.dispose();
  await server.dispose();
});
const on = { server: () => server };

/** The conversations that the operators are tried on; `topic` tells one run's from another's. */
const LIBRARY = [
  { name: 'movie', attr: { topic: 'movie', type: 'public', age: 18, tag: '电影', keywords: '影视,教育,旅行', list: ['a', 'b'] } },
  { name: 'music', attr: { topic: 'music', type: 'private', age: 19, tag: 'music', keywords: 'xxabcxx', list: ['a'] } },
  { name: 'Books', attr: { topic: 'books', age: 20, tag: 'books 书', keywords: '教育', list: [] } },
  { name: 'games', attr: { topic: 'games', type: 'public', age: 7, tag: 'Games', keywords: 'xxa.cxx', deep: { er: { est: 'gold' } } } },
  { name: 'plain', attr: {} },
];

const libraries = new Map();

/** The library, created once for each generation by a client that stays logged in. */
function library(sdk) {
  if (!libraries.has(sdk)) {
    libraries.set(sdk, (async () => {
      const shelf = name('shelf');
      const librarian = await sdk.open(server, name('librarian'));
      for (const book of LIBRARY) await librarian.create({ members: [], name: book.name, attr: { ...book.attr, shelf } });
      return { shelf, librarian };
    })());
  }
  return libraries.get(sdk);
}

/**
 * A condition that finds these books, by the builder of 3 to 5 and by the where of 2.4.0. No builder: only the latter can say it.
 */
function finds(title, build, where, expected) {
  matrix(title, { ...on, sdks: build ? [v2, ...having('plainQuery')] : [v2] }, async (stage, sdk) => {
    const { shelf, librarian } = await library(sdk);
    const found = await librarian.find({
      where: { 'attr.shelf': shelf, ...where },
      build: (query) => build(query.equalTo('attr.shelf', shelf)),
      limit: 100,
    });
    assert.deepEqual(found.map((row) => row.name).sort(), expected);
  });
}

finds('S-108 B-340: equal', (q) => q.equalTo('attr.topic', 'movie'), { 'attr.topic': 'movie' }, ['movie']);
finds('B-340: equal to a number', (q) => q.equalTo('attr.age', 19), { 'attr.age': 19 }, ['music']);
finds('S-109 B-342: not equal, also where the field is missing', (q) => q.notEqualTo('attr.type', 'private'), { 'attr.type': { $ne: 'private' } }, ['Books', 'games', 'movie', 'plain']);
finds('S-110 B-343: greater', (q) => q.greaterThan('attr.age', 18), { 'attr.age': { $gt: 18 } }, ['Books', 'music']);
finds('B-344: greater or equal', (q) => q.greaterThanOrEqualTo('attr.age', 18), { 'attr.age': { $gte: 18 } }, ['Books', 'movie', 'music']);
finds('B-345: less', (q) => q.lessThan('attr.age', 18), { 'attr.age': { $lt: 18 } }, ['games']);
finds('B-346: less or equal', (q) => q.lessThanOrEqualTo('attr.age', 18), { 'attr.age': { $lte: 18 } }, ['games', 'movie']);
finds('B-347: a text is neither more nor less than a number', (q) => q.greaterThan('attr.topic', 5), { 'attr.topic': { $gt: 5 } }, []);
finds('B-362: two bounds on one field', (q) => q.greaterThan('attr.age', 7).lessThan('attr.age', 20), { 'attr.age': { $gt: 7, $lt: 20 } }, ['movie', 'music']);
finds('B-349: one of', (q) => q.containedIn('attr.topic', ['music', 'games', 'x']), { 'attr.topic': { $in: ['music', 'games', 'x'] } }, ['games', 'music']);
finds('B-349: one of, on a list', (q) => q.containedIn('attr.list', ['b', 'z']), { 'attr.list': { $in: ['b', 'z'] } }, ['movie']);
finds('B-350: none of', (q) => q.notContainsIn('attr.topic', ['music', 'games']), { 'attr.topic': { $nin: ['music', 'games'] } }, ['Books', 'movie', 'plain']);
finds('B-351: all of', (q) => q.containsAll('attr.list', ['a', 'b']), { 'attr.list': { $all: ['a', 'b'] } }, ['movie']);
finds('B-341 W-187: equal, on a list, means contains', (q) => q.equalTo('attr.list', 'a'), { 'attr.list': 'a' }, ['movie', 'music']);
finds('B-353: length of a list', (q) => q.sizeEqualTo('attr.list', 1), { 'attr.list': { $size: 1 } }, ['music']);
finds('B-355: has a value', (q) => q.exists('attr.type'), { 'attr.type': { $exists: true } }, ['games', 'movie', 'music']);
finds('B-355: has no value', (q) => q.doesNotExist('attr.type'), { 'attr.type': { $exists: false } }, ['Books', 'plain']);
finds('S-111 B-356: an expression matches anywhere', (q) => q.matches('attr.topic', /o/), { 'attr.topic': { $regex: 'o' } }, ['Books', 'movie']);
finds('S-112 B-358: Chinese text by [\\u4e00-\\u9fa5]', (q) => q.matches('attr.tag', /[\u4e00-\u9fa5]/), { 'attr.tag': { $regex: '[\u4e00-\u9fa5]' } }, ['Books', 'movie']);
finds('S-112 B-358: Chinese text by an escaped range', (q) => q.matches('attr.tag', /[\u4e00-\u9fa5]/), { 'attr.tag': { $regex: '[\\u4e00-\\u9fa5]' } }, ['Books', 'movie']);
finds('B-357: an expression without regard to case', (q) => q.matches('attr.tag', /^GAMES$/i), { 'attr.tag': { $regex: '^GAMES$', $options: 'i' } }, ['games']);
finds('B-357: case counts otherwise', (q) => q.matches('attr.tag', /^GAMES$/), { 'attr.tag': { $regex: '^GAMES$' } }, []);
finds('B-358: look-ahead: does not contain', (q) => q.matches('attr.keywords', /^((?!教育).)*$/), { 'attr.keywords': { $regex: '^((?!教育).)*$' } }, ['games', 'music']);
finds('S-113 B-359: contains', (q) => q.contains('attr.keywords', '教育'), { 'attr.keywords': { $regex: '\\Q教育\\E' } }, ['Books', 'movie']);
finds('S-113 B-359: contains is literal', (q) => q.contains('attr.keywords', 'a.c'), { 'attr.keywords': { $regex: '\\Qa.c\\E' } }, ['games']);
finds('B-361: starts with', (q) => q.startsWith('attr.topic', 'm'), { 'attr.topic': { $regex: '^\\Qm\\E' } }, ['movie', 'music']);
finds('B-361: ends with', (q) => q.endsWith('attr.topic', 's'), { 'attr.topic': { $regex: '\\Qs\\E$' } }, ['Books', 'games']);
finds('B-366: deep inside', (q) => q.equalTo('attr.deep.er.est', 'gold'), { 'attr.deep.er.est': 'gold' }, ['games']);
finds('B-367: the name', (q) => q.equalTo('name', 'Books'), { name: 'Books' }, ['Books']);
finds('S-115 B-362: combined', (q) => q.contains('attr.keywords', '教育').lessThan('attr.age', 19), { 'attr.keywords': { $regex: '教育' }, 'attr.age': { $lt: 19 } }, ['movie']);
finds('B-363: or', null, { $or: [{ 'attr.topic': 'movie' }, { 'attr.age': { $lt: 10 } }] }, ['games', 'movie']);
finds('B-363: and', null, { $and: [{ 'attr.type': 'public' }, { $or: [{ 'attr.age': 7 }, { 'attr.age': 19 }] }] }, ['games']);

matrix('B-363: or and and, by the builder', { ...on, sdks: having('combinedQuery') }, async (stage, sdk) => {
  const { shelf, librarian } = await library(sdk);
  const names = async (build) => (await librarian.find({ build, limit: 100 })).map((row) => row.name).sort();
  const either = (query, Query, another) => Query.or(
    query.equalTo('attr.shelf', shelf).equalTo('attr.topic', 'movie'),
    another().equalTo('attr.shelf', shelf).lessThan('attr.age', 10),
  );
  assert.deepEqual(await names(either), ['games', 'movie']);
  const both = (query, Query, another) => Query.and(
    query.equalTo('attr.shelf', shelf),
    Query.or(another().equalTo('attr.age', 7), another().equalTo('attr.age', 19)),
  );
  assert.deepEqual(await names(both), ['games', 'music']);
});

matrix('S-27 S-114 B-354 B-351: conversations that both are in', on, async (stage) => {
  const jerry = await stage.client('jerry');
  const [bob, eve] = [name('bob'), name('eve')];
  const two = await jerry.create({ members: [bob] });
  const three = await jerry.create({ members: [bob, eve] });
  await jerry.create({ members: [eve] });
  const found = await jerry.find({ where: { m: [bob, jerry.id] }, build: (query) => query.containsMembers([bob, jerry.id]) });
  assert.deepEqual(found.map(({ id }) => id).sort(), [two.id, three.id].sort());
});

matrix('S-27 B-354: conversations with exactly these members', { ...on, sdks: having('plainQuery') }, async (stage) => {
  const jerry = await stage.client('jerry');
  const [bob, eve] = [name('bob'), name('eve')];
  const two = await jerry.create({ members: [bob] });
  await jerry.create({ members: [bob, eve] });
  const found = await jerry.find({ build: (query) => query.withMembers([bob], true) });
  assert.deepEqual(found.map(({ id }) => id), [two.id]);
});

matrix("B-324 W-184 B-341: without a condition: the client's own", on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const mine = await tom.create({ members: [bob.id] });
  await bob.create({ members: [] });
  assert.deepEqual((await tom.find()).map(({ id }) => id), [mine.id]);
});

matrix("B-325 W-185: with a condition: others' too", on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const topic = name('topic');
  const theirs = await bob.create({ members: [], attr: { topic } });
  const found = await tom.find({ where: { 'attr.topic': topic }, build: (query) => query.equalTo('attr.topic', topic) });
  assert.deepEqual(found.map(({ id }) => id), [theirs.id]);
});

matrix('S-105 B-326 B-331 W-190: newest activity first', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = [];
  for (const title of ['a', 'b', 'c']) made.push(await tom.create({ members: [], name: title }));
  await made[1].send('one');
  await made[2].send('two');
  await made[0].send('three');
  const found = await tom.find();
  assert.deepEqual(found.map((row) => row.name), ['a', 'c', 'b']);
  assert.ok(found.every((row, index) => index === 0 || row.lastMessageAt <= found[index - 1].lastMessageAt));
});

matrix('S-105 T-20 B-329 B-330 W-191: ten by default; limit and skip', on, async (stage) => {
  const tom = await stage.client('tom');
  for (let index = 0; index < 12; index += 1) await tom.create({ members: [], name: `${10 + index}` });
  const names = async (options) => (await tom.find({ sort: ['name'], ...options })).map((row) => row.name);
  assert.deepEqual((await names({})).length, 10);
  assert.deepEqual(await names({ limit: 3 }), ['10', '11', '12']);
  assert.deepEqual(await names({ limit: 3, skip: 10 }), ['20', '21']);
  assert.equal((await names({ limit: 1000 })).length, 12);
  assert.equal((await names({ limit: 5000 })).length, 12);
});

matrix('B-331 B-332 W-190: sorted by several fields, up and down; those without the field last when descending', on, async (stage) => {
  const tom = await stage.client('tom');
  for (const [title, n, m] of [['a', 1, 1], ['b', 2, 1], ['c', 2, 2], ['d']]) {
    await tom.create({ members: [], name: title, attr: n ? { n, m } : {} });
  }
  const names = async (sort) => (await tom.find({ sort })).map((row) => row.name).join('');
  assert.equal(await names(['-attr.n', 'attr.m']), 'bcad');
  assert.equal(await names(['-attr.n', '-attr.m']), 'cbad');
  assert.equal((await names(['name'])), 'abcd');
  assert.equal((await names(['-name'])), 'dcba');
});

matrix('B-336 W-192: compact leaves the members out', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: ['x'] });
  const [compact] = await (await stage.client('other')).find({ where: { objectId: made.id }, build: (query) => query.equalTo('objectId', made.id), compact: true });
  assert.ok(compact.members === undefined || compact.members.length === 0);
  assert.equal(compact.creator, tom.id);
});

matrix("B-337 B-248 W-192 W-195: with last messages: each conversation's, after an edit its new form", on, async (stage, sdk) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  const ask = async (options) => (await bob.find({ where: { objectId: made.id }, build: (query) => query.equalTo('objectId', made.id), ...options }))[0];
  assert.equal((await ask({ lastMessages: true })).lastMessage, undefined);
  const sent = await made.send('the last word');
  await bob.get('message', { id: sent.id });
  const { lastMessage } = await ask({ lastMessages: true });
  assert.deepEqual([lastMessage.id, lastMessage.from, lastMessage.at, lastMessage.text], [sent.id, tom.id, sent.at, 'the last word']);
  if (sdk.can.has('edit')) {
    await made.edit(sent, 'the very last');
    await bob.get('edited', { id: sent.id });
    const stranger = await stage.client('fresh', { id: bob.id });
    const [row] = await stranger.find({ build: (query) => query.equalTo('objectId', made.id), lastMessages: true });
    assert.equal(row.lastMessage.text, 'the very last');
  }
});

scene('B-337 W-192: without the flag there is no last message', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v2 });
  const made = await tom.create({ members: [] });
  await made.send('secret');
  const [row] = await tom.find();
  assert.deepEqual(Object.keys(row.row).filter((key) => key.startsWith('msg')), []);
  assert.ok(row.row.lm);
});

scene('W-195 Q-7: a stranger finds the conversation but not its messages', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v2 });
  const made = await tom.create({ members: [] });
  await made.send('secret');
  const stranger = await stage.client('stranger', { sdk: v2 });
  const [row] = await stranger.find({ where: { objectId: made.id }, lastMessages: true });
  assert.equal(row.id, made.id);
  assert.equal(row.row.msg, undefined);
});

matrix('T-34 B-367 B-368 B-348 W-189: by built-in fields: creator, times, activity since a date', on, async (stage) => {
  const tom = await stage.client('tom');
  const quiet = await tom.create({ members: [], name: 'quiet' });
  const active = await tom.create({ members: [], name: 'active' });
  await active.send('ping');
  const yesterday = new Date(Date.now() - 86_400_000);
  const tomorrow = new Date(Date.now() + 86_400_000);
  const date = (value) => ({ __type: 'Date', iso: value.toISOString() });
  const names = async (where, build) => (await tom.find({ where: { c: tom.id, ...where }, build: (query) => build(query.equalTo('c', tom.id)) })).map((row) => row.name).sort();
  assert.deepEqual(await names({ lm: { $gt: date(yesterday) } }, (query) => query.greaterThan('lm', yesterday)), ['active']);
  assert.deepEqual(await names({ lm: { $gt: date(tomorrow) } }, (query) => query.greaterThan('lm', tomorrow)), []);
  assert.deepEqual(await names({ createdAt: { $gt: date(yesterday) } }, (query) => query.greaterThan('createdAt', yesterday)), ['active', 'quiet']);
  assert.deepEqual(await names({ createdAt: { $lt: date(yesterday) } }, (query) => query.lessThan('createdAt', yesterday)), []);
  assert.ok(quiet.id !== active.id);
});

matrix('S-117 S-121 S-122 S-123 B-328 B-392: a name shared by a room and a conversation finds both; tr narrows it', on, async (stage) => {
  const tom = await stage.client('tom');
  const topic = name('topic');
  const room = await tom.createRoom({ name: topic, attr: { topic } });
  const talk = await tom.create({ members: [], name: topic, attr: { topic } });
  const ids = async (where, build) => (await tom.find({ where, build })).map(({ id }) => id).sort();
  assert.deepEqual(await ids({ name: topic }, (query) => query.equalTo('name', topic)), [room.id, talk.id].sort());
  assert.deepEqual(await ids({ 'attr.topic': topic, tr: true }, (query) => query.equalTo('attr.topic', topic).equalTo('tr', true)), [room.id]);
});

matrix('B-356 issue 2: an expression made to take for ever is answered and others are served meanwhile', on, async (stage, sdk) => {
  const [attacker, bystander] = await stage.clients('attacker', 'bystander');
  const topic = name('bomb');
  await attacker.create({ members: [], attr: { topic, text: `${'a'.repeat(60)}!` } });
  const bomb = attacker.find({
    where: { 'attr.topic': topic, 'attr.text': { $regex: '^(a+)+$' } },
    build: (query) => query.equalTo('attr.topic', topic).matches('attr.text', /^(a+)+$/),
  }).then((found) => found.length, (error) => error.code);
  const started = Date.now();
  assert.deepEqual(await bystander.ping([bystander.id]), [bystander.id]);
  assert.ok(Date.now() - started < 2_000);
  assert.ok([0, 4310].includes(await bomb), sdk.name);
});

for (const [title, where] of [
  ['no JSON', '{no json'],
  ['no object', '[1]'],
  ['an unknown operator', '{"name":{"$near":1}}'],
  ['an operator with the wrong kind of operand', '{"name":{"$in":7}}'],
  ['an expression that does not parse', '{"name":{"$regex":"("}}'],
]) {
  test(`B-339 W-196: a where that is ${title} is refused with 4310 in words`, async () => {
    const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
    await client.login(name('tom'));
    const reply = await client.ask({ cmd: 'conv', op: 'query', convMessage: { where: { data: where } } });
    assert.equal(reply.cmd, 'error');
    assert.equal(reply.errorMessage.code, 4310);
    assert.ok(reply.errorMessage.detail.length > 0);
    assert.equal((await client.ask({ cmd: 'echo' })).cmd, 'echo');
    client.close();
  });
}

test('B-364 W-186: near a point, nearest first, and inside a box', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await client.login(name('tom'));
  const place = name('place');
  const point = (latitude, longitude) => ({ __type: 'GeoPoint', latitude, longitude });
  const cities = { beijing: point(39.9, 116.4), tianjin: point(39.1, 117.2), shanghai: point(31.2, 121.5) };
  for (const [city, at] of Object.entries(cities)) {
    await client.ask({ cmd: 'conv', op: 'start', convMessage: { attr: { data: JSON.stringify({ name: city, place, at }) } } });
  }
  const names = async (where) => {
    const reply = await client.ask({ cmd: 'conv', op: 'query', convMessage: { where: { data: JSON.stringify({ place, ...where }) } } });
    return JSON.parse(reply.convMessage.results.data).map((row) => row.name);
  };
  assert.deepEqual(await names({ at: { $nearSphere: point(39, 117) } }), ['tianjin', 'beijing', 'shanghai']);
  assert.deepEqual(await names({ at: { $nearSphere: point(39.9, 116.4), $maxDistanceInKilometers: 200 } }), ['beijing', 'tianjin']);
  assert.deepEqual(await names({ at: { $within: { $box: [point(30, 120), point(32, 122)] } } }), ['shanghai']);
  client.close();
});

test('W-194 W-197 W-199 W-191: the result text has exactly the keys and types of the table; limit 0 finds none', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const tom = name('tom');
  await client.login(tom);
  const { convMessage: { cid, uniqueId } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom], unique: true, attr: { data: '{"name":"n","attr":{"a":1},"own":[1]}' } } });
  const sent = await client.ask({ cmd: 'direct', directMessage: { cid, msg: 'hello' } });
  const ask = async (fields) => {
    const reply = await client.ask({ cmd: 'conv', op: 'query', convMessage: { where: { data: JSON.stringify({ objectId: cid }) }, ...fields } });
    return JSON.parse(reply.convMessage.results.data);
  };
  const [row] = await ask({ flag: 2 });
  assert.deepEqual({ ...row, createdAt: 0, updatedAt: 0, lm: 0 }, {
    objectId: cid, name: 'n', attr: { a: 1 }, own: [1], c: tom, m: [tom], createdAt: 0, updatedAt: 0, lm: 0,
    unique: true, uniqueId, conv_type: 1, msg: 'hello', bin: false, msg_mid: sent.ackMessage.uid, msg_from: tom, msg_timestamp: sent.ackMessage.t,
  });
  assert.match(row.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(row.lm, { __type: 'Date', iso: new Date(sent.ackMessage.t).toISOString() });
  assert.deepEqual(await ask({ limit: 0 }), []);
  client.close();
});

matrix('B-339 W-196: what the SDK asks for and nobody can read is refused with 4310', on, async (stage, sdk) => {
  const tom = await stage.client('tom');
  const asked = sdk === v2 ? { where: { name: { $near: 1 } } } : { build: (query) => query.equalTo('name', { $near: 1 }) };
  await assert.rejects(tom.find(asked), refusal(4310, 'CONVERSATION_QUERY_FAILED'));
  assert.deepEqual(await tom.find(), []);
});
