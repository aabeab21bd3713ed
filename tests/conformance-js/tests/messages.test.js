// Sending and receiving: content, order, size, transient messages, receipts, resending, mentions, edits, wills.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fence } from '../harness/fence.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, refusal, scene, v2, v3, v4, v5 } from '../sdk/index.js';
import { storage, typedMessagesPlugin } from '../sdk/packages.js';

let server;
before(async () => {
  server = await startServer({
    apps: {
      main: {},
      strict: { message: { max_bytes: 200 } },
      fixed: { message: { allow_edit: false, allow_recall: false } },
      alone: { receipts: { group: 'never' } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server };

/** Two clients of one generation in a conversation that both have loaded. */
async function pair(stage, options = {}) {
  const [tom, bob] = [await stage.client('tom', options), await stage.client('bob', options)];
  const made = await tom.create({ members: [bob.id] });
  await bob.get('invited', { cid: made.id });
  return { tom, bob, made, there: await bob.conversation(made.id) };
}

matrix('S-25 S-30 B-61 B-188 W-263 W-283: a text reaches the other, who did nothing; sender and receiver see one id and time', on, async (stage) => {
  const [tom, jerry] = await stage.clients('tom', 'jerry');
  const made = await tom.create({ members: [jerry.id] });
  const sent = await made.send('耗子,起床!');
  const received = await jerry.get('message', { cid: made.id }, { within: 1_000 });
  assert.deepEqual([received.id, received.at, received.from, received.text], [sent.id, sent.at, tom.id, '耗子,起床!']);
  assert.match(sent.id, /^[\w-]{1,64}$/);
  assert.ok(Math.abs(sent.at - Date.now()) < 60_000);
});

matrix('S-36 B-202 W-284: one send reaches every member once', on, async (stage) => {
  const [tom, ...others] = await stage.clients('tom', 'jerry', 'bob', 'harry', 'william');
  const made = await tom.create({ members: others.map(({ id }) => id) });
  const sent = await made.send('to all');
  for (const other of others) await other.get('message', { id: sent.id });
  await made.send('fence');
  for (const other of others) {
    await other.get('message', { text: 'fence' });
    assert.equal(other.list('message', { id: sent.id }).length, 1);
  }
  assert.deepEqual(tom.list('message', { cid: made.id }), []);
});

const TEXTS = {
  'Chinese, emoji and zero-width joiners': '你好 👨‍👩‍👧‍👦 é e\u0301 \u200b \u202e ok',
  'quotes, tags and control characters': '<script>alert("x\' & \\ \u0001 \n\t\r")</script>',
  'an empty text': '',
  'three thousand bytes': 'Ω'.repeat(1_500),
};

for (const [title, text] of Object.entries(TEXTS)) {
  matrix(`B-163 B-178 S-19 S-133 W-262: ${title} arrives as sent, live and in history`, on, async (stage) => {
    const { bob, made, there } = await pair(stage);
    await made.send(text);
    assert.equal((await bob.get('message', { cid: made.id })).text, text);
    assert.equal((await there.history())[0].text, text);
  });
}

matrix('B-175 W-425: a plain text that is no JSON arrives unchanged', on, async (stage) => {
  const { bob, made } = await pair(stage);
  for (const text of ['just words', '{not json', '"', '  leading and trailing  ']) {
    const sent = await made.send({ raw: text });
    assert.equal((await bob.get('message', { id: sent.id })).text, text);
  }
});

matrix('B-174 B-264 S-77 W-426: an unknown type arrives with its raw content', on, async (stage, sdk) => {
  const { bob, made } = await pair(stage);
  const content = { _lctype: 123, _lctext: 'custom', anything: [1, { a: null }] };
  const sent = await made.send({ raw: JSON.stringify(content) });
  const received = await bob.get('message', { id: sent.id });
  assert.deepEqual(sdk === v2 ? received.content : received.text, content);
});

scene('S-19 B-178: text that an old browser sends as escapes is the text itself: live, in history and in queries', on, async (stage) => {
  const bob = await stage.client('bob', { sdk: v5 });
  const client = await RawClient.connect(server);
  const tom = name('tom');
  await client.login(tom);
  const ascii = (value) => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const tag = name('标签😀');
  client.socket.send(ascii({ cmd: 'conv', op: 'start', i: 1, peerId: tom, m: [tom, bob.id], attr: { name: '聊天', attr: { tag } } }));
  const { cid } = await client.get('frame', { i: 1 });
  client.socket.send(ascii({ cmd: 'direct', cid, i: 2, peerId: tom, msg: '你好 😀' }));
  assert.equal((await bob.get('message', { cid })).text, '你好 😀');
  const there = await bob.conversation(cid);
  assert.equal(there.name, '聊天');
  assert.deepEqual((await there.history()).map(({ text }) => text), ['你好 😀']);
  assert.deepEqual((await bob.find({ build: (query) => query.equalTo('attr.tag', tag) })).map(({ id }) => id), [cid]);
  client.close();
});

test('W-262 W-261: content passes byte for byte: spaces, order of keys and escapes of JSON are kept', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const receiver = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const [tom, bob] = [name('tom'), name('bob')];
  await client.login(tom);
  await receiver.login(bob);
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom, bob] } });
  for (const msg of ['{ "b":1,\n "a" : 1.0, "a": 2, "u":"\\u4f60\\ud83d\\ude00" }', '1e400', 'null', ' ', '']) {
    const ack = await client.ask({ cmd: 'direct', directMessage: { cid, msg } });
    const pushed = await receiver.get('frame', ({ directMessage }) => directMessage?.id === ack.ackMessage.uid);
    assert.equal(pushed.directMessage.msg, msg);
  }
  const logs = await client.ask({ cmd: 'logs', logsMessage: { cid } });
  assert.equal(logs.logsMessage.logs[0].data, '{ "b":1,\n "a" : 1.0, "a": 2, "u":"\\u4f60\\ud83d\\ude00" }');
  client.close();
  receiver.close();
});

test('W-263 W-267 W-281 W-282: fields of an ack and of a push: what must be absent is absent', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const receiver = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const [tom, bob] = [name('tom'), name('bob')];
  await client.login(tom);
  await receiver.login(bob);
  const { convMessage: { cid } } = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom, bob] } });
  const ack = await client.ask({ cmd: 'direct', directMessage: { cid, msg: 'x' } });
  assert.deepEqual(Object.keys(ack.ackMessage).sort(), ['cid', 't', 'uid']);
  assert.ok(!('op' in ack));
  const { directMessage, ...envelope } = await receiver.get('frame', { cmd: 'direct' });
  assert.deepEqual(Object.keys(directMessage).sort(), ['cid', 'convType', 'fromPeerId', 'id', 'msg', 'timestamp']);
  assert.deepEqual([envelope.peerId, envelope.service, 'i' in envelope], [bob, 2, false]);
  client.close();
  receiver.close();
});

matrix('B-176 W-430 W-431: bytes arrive as bytes, live and in history', { ...on, sdks: having('binary') }, async (stage) => {
  const { bob, made, there } = await pair(stage);
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const sent = await made.send(bytes.buffer);
  assert.deepEqual((await bob.get('message', { id: sent.id })).bytes, Buffer.from(bytes));
  assert.deepEqual((await there.history())[0].bytes, Buffer.from(bytes));
});

scene('B-177 W-414 W-432: a 2015 client gets bytes as Base64 text', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v5 });
  const old = await stage.client('old', { sdk: v2 });
  const made = await tom.create({ members: [old.id] });
  await made.send(Uint8Array.from([0, 255, 254]).buffer);
  assert.equal((await old.get('message', { cid: made.id })).text, Buffer.from([0, 255, 254]).toString('base64'));
});

matrix('B-179 S-74: attributes of every JSON kind arrive with their types', on, async (stage, sdk) => {
  const { tom, bob, made } = await pair(stage);
  const attributes = { text: 'x', number: 1.5, yes: true, none: null, list: [1, 'a'], object: { deep: [] } };
  const message = sdk === v2 ? { type: 'text', text: 'with', attr: attributes } : new tom.im.TextMessage('with').setAttributes(attributes);
  await made.send(message);
  const received = await bob.get('message', { cid: made.id });
  assert.equal(received.text, 'with');
  assert.deepEqual(received.attributes, attributes);
});

matrix("S-77 S-79 S-80 B-260 B-261: a registered type of the app's own arrives as an object of its class", { ...on, sdks: having('modern') }, async (stage) => {
  const { tom, bob, made } = await pair(stage);
  const define = (im) => {
    class Operation extends im.TypedMessage {}
    im.messageType(123)(Operation);
    im.messageField(['op', 'target'])(Operation);
    return Operation;
  };
  const [Mine, Theirs] = [define(tom.im), define(bob.im)];
  bob.realtime.register(Theirs);
  const message = Object.assign(new Mine(), { op: 'move', target: { x: 1 } });
  await made.send(message);
  const { sdk: received } = await bob.get('message', { cid: made.id });
  assert.ok(received instanceof Theirs);
  assert.deepEqual([received.op, received.target], ['move', { x: 1 }]);
});

const MEDIA = { image: 'ImageMessage', audio: 'AudioMessage', video: 'VideoMessage', file: 'FileMessage' };

matrix('B-165 B-168 B-169 S-42 S-57 S-67: the built-in media types of the typed-messages plug-in', { ...on, sdks: [v4, v5] }, async (stage) => {
  const { tom, bob, made, there } = await pair(stage);
  const plugin = (im) => typedMessagesPlugin(storage, im);
  const [mine, theirs] = [plugin(tom.im), plugin(bob.im)];
  bob.realtime.register(theirs.TypedMessagesPlugin.messageClasses);
  const url = 'https://example.com/a%20b.bin?x=1&y=2';
  for (const [kind, Class] of Object.entries(MEDIA)) {
    const file = storage.File.withURL('a b.bin', url, { width: 3, height: 4, duration: 1.5 });
    file.id = 'external';
    await made.send(new mine[Class](file).setText(`a ${kind}`).setAttributes({ location: '旧金山' }));
    const { sdk: received } = await bob.get('message', ({ text }) => text === `a ${kind}`);
    assert.ok(received instanceof theirs[Class], kind);
    assert.equal(received.getFile().url(), url);
    assert.equal(received.getFile().metaData('duration'), 1.5);
    assert.equal(received.getAttributes().location, '旧金山');
  }
  const place = new mine.LocationMessage(new storage.GeoPoint(31.3853142377, 121.0553079844));
  await made.send(place.setText('here'));
  const { sdk: received } = await bob.get('message', { text: 'here' });
  assert.deepEqual([received.getLocation().latitude, received.getLocation().longitude], [31.3853142377, 121.0553079844]);
  const types = (await there.history({ limit: 10 })).map(({ type }) => type);
  assert.deepEqual(types, [-2, -3, -4, -6, -5]);
});

matrix('B-171 B-517 B-518 B-519 S-82: the media types of 2015, by the name given when sending', { ...on, sdks: [v2] }, async (stage) => {
  const { bob, made } = await pair(stage);
  const metaData = { name: 'n', format: 'png', width: 1, height: 2, size: 3, duration: 4 };
  const url = 'https://example.com/x.png';
  for (const type of ['image', 'audio', 'video', 'file']) {
    await made.send({ type, text: type, url, attr: { a: 1 }, metaData });
    const received = await bob.get('message', { type });
    assert.equal(received.text, type);
    if (type !== 'file') assert.equal(received.content.url, url);
  }
  await made.send({ type: 'location', text: 'there', metaData: { longitude: 138.12454, latitude: 52.56461 } });
  assert.deepEqual((await bob.get('message', { type: 'location' })).content.location, { longitude: 138.12454, latitude: 52.56461 });
});

scene('S-82 B-164 B-166: the wire form of a text message', on, async (stage) => {
  const old = await stage.client('old', { sdk: v2 });
  const reader = await RawClient.connect(server);
  await reader.login(old.id);
  const made = await old.create({ members: [] });
  await made.send({ type: 'text', text: 'form', attr: { a: 1 } });
  const { logs } = await reader.ask({ cmd: 'logs', cid: made.id });
  assert.deepEqual(JSON.parse(logs[0].data), { _lctype: -1, _lctext: 'form', _lcattrs: { a: 1 } });
  reader.close();
});

matrix('B-199 B-200 W-31: 5,120 bytes of content are good, one more is refused with 4109, and the connection lives', on, async (stage) => {
  const { tom, bob, made } = await pair(stage);
  const fits = await made.send({ raw: 'x'.repeat(5_120) });
  assert.equal((await bob.get('message', { id: fits.id })).text.length, 5_120);
  await assert.rejects(made.send({ raw: 'x'.repeat(5_121) }), { code: 4109 });
  const later = await made.send('still here');
  await bob.get('message', { id: later.id });
  assert.deepEqual(bob.list('message', { cid: made.id }).map(({ text }) => text.length), [5_120, 10]);
  assert.deepEqual(tom.list('disconnect'), []);
});

matrix('B-199 B-468: push data counts, and the limit is a setting of the app', { ...on, sdks: having('modern') }, async (stage) => {
  const { made } = await pair(stage, { app: 'strict' });
  await made.send({ raw: 'x'.repeat(150) });
  await assert.rejects(made.send({ raw: 'x'.repeat(201) }), { code: 4109 });
  await assert.rejects(made.send({ raw: 'x'.repeat(150) }, { pushData: { alert: 'y'.repeat(60) } }), { code: 4109 });
});

matrix("B-187 B-93 W-265 W-268: a stranger's message is refused with 4401, and nobody gets it", on, async (stage) => {
  const { tom, bob, made } = await pair(stage);
  const stranger = await stage.client('stranger');
  const outside = await stranger.conversation(made.id);
  await assert.rejects(outside.send('psst'), { code: 4401 });
  const sent = await made.send('fence');
  await bob.get('message', { id: sent.id });
  assert.deepEqual(bob.list('message', { from: stranger.id }), []);
  assert.deepEqual(tom.list('message', { from: stranger.id }), []);
});

matrix('B-190 B-202 B-203 W-87 W-88: two senders, two receivers: one order, times that grow', on, async (stage) => {
  const { tom, bob, made, there } = await pair(stage);
  const [left, right] = await stage.clients('left', 'right');
  await made.add([left.id, right.id]);
  await Promise.all([left, right].map((client) => client.get('invited', { cid: made.id })));
  const burst = (conversation, who) => Promise.all(Array.from({ length: 40 }, (_, index) => conversation.send(`${who} ${index}`)));
  await Promise.all([burst(made, 'tom'), burst(there, 'bob')]);
  const orders = [];
  for (const client of [left, right]) {
    const got = await client.count('message', { cid: made.id }, 80);
    assert.ok(got.every((item, index) => index === 0 || item.at > got[index - 1].at));
    orders.push(got.map(({ text }) => text));
  }
  assert.deepEqual(orders[0], orders[1]);
  for (const [client, who] of [[tom, 'tom'], [bob, 'bob']]) {
    assert.deepEqual(orders[0].filter((text) => text.startsWith(who)), Array.from({ length: 40 }, (_, index) => `${who} ${index}`), client.owner);
  }
  assert.deepEqual((await there.history({ limit: 100 })).map(({ text }) => text), orders[0]);
});

matrix('T-10 B-209 B-210 B-212 B-213 W-270 W-272: a transient message reaches who is online and leaves no trace', on, async (stage) => {
  const { bob, made, there } = await pair(stage);
  const before = await made.send('stored');
  await made.send('gone', { transient: true });
  assert.equal((await bob.get('message', { text: 'gone' })).text, 'gone');
  assert.deepEqual((await there.history()).map(({ text }) => text), ['stored']);
  const fresh = await (await stage.client('bob', { id: bob.id })).conversation(made.id);
  assert.equal(fresh.lastMessageAt, before.at);
});

matrix('B-210: a transient message is not kept for who is offline', on, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await made.send('gone', { transient: true });
  const bob = await stage.client('bob', { id });
  await fence(tom, bob);
  assert.deepEqual(bob.list('message', { cid: made.id }), []);
  assert.deepEqual(bob.list('unread', { cid: made.id }), []);
});

matrix('B-213 W-271 W-103: a session that says so gets an answer to a transient message', { ...on, sdks: having('transientAck') }, async (stage) => {
  const { made } = await pair(stage);
  const sent = await made.send('soon gone', { transient: true });
  assert.match(sent.id, /^[\w-]{1,64}$/);
});

matrix('S-60 T-12 B-222 B-223 B-224 W-297: a delivery receipt for a message sent with the option, once', { ...on, sdks: having('receiptEvent') }, async (stage, sdk) => {
  const { tom, bob, made } = await pair(stage);
  const sent = await made.send('tell me', { receipt: true });
  const receipt = await tom.get('receipt', { cid: made.id });
  assert.equal(receipt.id, sent.id);
  assert.ok(receipt.at >= sent.at);
  if (sdk === v2) assert.equal(receipt.by, bob.id);
  await fence(bob, tom);
  assert.equal(tom.list('receipt').length, 1);
});

matrix('T-12 T-38 B-222 B-228 W-294 W-297: receipts move the time of delivery, and none comes unasked', { ...on, sdks: having('modern') }, async (stage) => {
  const { tom, bob, made } = await pair(stage);
  const silent = await made.send('no receipt');
  await bob.get('message', { id: silent.id });
  const asked = await made.send('receipt', { receipt: true });
  const delivered = await tom.get('delivered', { cid: made.id });
  assert.ok(delivered.at >= asked.at);
  assert.equal(tom.list('delivered', { cid: made.id }).length, 1);
  assert.deepEqual(tom.list('read', { cid: made.id }), []);
});

matrix('T-13 B-227 B-228 W-299: reading tells the sender up to when', { ...on, sdks: having('readReceipts') }, async (stage) => {
  const { tom, bob, made, there } = await pair(stage);
  const sent = await made.send('read me', { receipt: true });
  await bob.get('message', { id: sent.id });
  await there.read();
  const read = await tom.get('read', { cid: made.id });
  assert.ok(read.at >= sent.at);
});

matrix('B-225: who was offline causes the receipt when it gets the message', { ...on, sdks: [v2] }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  const sent = await made.send('later', { receipt: true });
  const bob = await stage.client('bob', { id });
  await bob.get('message', { id: sent.id });
  assert.equal((await tom.get('receipt')).id, sent.id);
});

scene('B-230 W-300 W-301: receipts in a group: for 2015 sessions one from each receiver, for modern ones none', on, async (stage) => {
  const old = await stage.client('old', { sdk: v2 });
  const modern = await stage.client('modern', { sdk: v4 });
  const bob = await stage.client('bob', { sdk: v4 });
  const made = await old.create({ members: [modern.id, bob.id] });
  const sent = await made.send('who has it', { receipt: true });
  const receipts = await old.count('receipt', { id: sent.id }, 2);
  assert.deepEqual(receipts.map(({ by }) => by).sort(), [bob.id, modern.id].sort());
  const there = await modern.conversation(made.id);
  await there.send('and this', { receipt: true });
  await bob.get('message', { text: 'and this' });
  await fence(bob, modern);
  assert.deepEqual(modern.list('delivered'), []);
});

scene('B-230: receipts.group = never', on, async (stage) => {
  const [old, bob, eve] = await Promise.all(['old', 'bob', 'eve'].map((who) => stage.client(who, { sdk: v2, app: 'alone' })));
  const made = await old.create({ members: [bob.id, eve.id] });
  const sent = await made.send('who has it', { receipt: true });
  for (const client of [bob, eve]) await client.get('message', { id: sent.id });
  await fence(bob, old);
  await fence(eve, old);
  assert.deepEqual(old.list('receipt'), []);
});

matrix('B-229 W-233 W-234: the times of receipt can be asked for, and are absent before there are any', { ...on, sdks: having('modern') }, async (stage) => {
  const { tom, bob, made, there } = await pair(stage);
  const before = await made.receiptTimes();
  assert.deepEqual(before, { deliveredAt: undefined, readAt: undefined });
  const sent = await made.send('when', { receipt: true });
  await bob.get('message', { id: sent.id });
  const after = tom.mark();
  await there.read();
  await tom.get('read', { cid: made.id }, { after });
  const times = await made.receiptTimes();
  assert.ok(times.deliveredAt >= sent.at && times.readAt >= sent.at, JSON.stringify(times));
});

matrix('B-195 W-274 W-276: a message sent again after a lost answer is stored and delivered once', { ...on, sdks: having('dedup') }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { line });
  const bob = await stage.client('bob');
  const made = await tom.create({ members: [bob.id] });
  await bob.get('invited', { cid: made.id });
  line.deafen();
  const message = made.message('twice or once');
  const dedup = message.id;
  const lost = made.sdk.send(message);
  lost.catch(() => {});
  const delivered = await bob.get('message', { text: 'twice or once' });
  assert.equal(message.id, dedup);
  line.cut();
  await tom.get('reconnect');
  const again = await made.send(message);
  assert.deepEqual([again.id, again.at], [delivered.id, delivered.at]);
  await fence(tom, bob);
  assert.equal(bob.list('message', { text: 'twice or once' }).length, 1);
  const there = await bob.conversation(made.id);
  assert.deepEqual((await there.history()).map(({ id }) => id), [delivered.id]);
});

test('W-275: a refused message is not remembered by its token', async () => {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const owner = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const [tom, bob] = [name('tom'), name('bob')];
  await owner.login(tom);
  await client.login(bob);
  const { convMessage: { cid } } = await owner.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom] } });
  const refused = await client.ask({ cmd: 'direct', directMessage: { cid, msg: 'x', dt: 'token' } });
  assert.equal(refused.ackMessage.code, 4401);
  assert.ok(refused.ackMessage.uid && refused.ackMessage.t > 0 && refused.ackMessage.cid === cid);
  await owner.ask({ cmd: 'conv', op: 'add', convMessage: { cid, m: [bob] } });
  const accepted = await client.ask({ cmd: 'direct', directMessage: { cid, msg: 'x', dt: 'token' } });
  assert.ok(!('code' in accepted.ackMessage));
  client.close();
  owner.close();
});

matrix('B-232 B-233 B-234 B-237 W-433 W-434: mentions of some and of all, live and in history', { ...on, sdks: having('mention') }, async (stage) => {
  const { tom, bob, made, there } = await pair(stage);
  const some = await made.send('you', { mention: { list: [bob.id, 'stranger'] } });
  const all = await made.send('all', { mention: { all: true } });
  const none = await made.send('nobody');
  const got = async ({ id }) => bob.get('message', { id });
  assert.deepEqual([(await got(some)).mentioned, (await got(some)).mentionList], [true, [bob.id, 'stranger']]);
  assert.deepEqual([(await got(all)).mentioned, (await got(all)).mentionedAll], [true, true]);
  assert.equal((await got(none)).mentioned, false);
  assert.deepEqual((await there.history()).map(({ mentioned }) => mentioned), [true, true, false]);
  assert.deepEqual((await made.history()).map(({ mentioned }) => mentioned), [false, false, false], tom.id);
});

matrix('B-242 B-244 W-347 W-352 W-358: an edit reaches the others at once and keeps id, time and place', { ...on, sdks: having('edit') }, async (stage) => {
  const { bob, made, there } = await pair(stage);
  const sent = await made.send('tpyo');
  await made.send('after');
  await bob.get('message', { text: 'after' });
  await made.edit(sent, 'typo');
  const edited = await bob.get('edited', { id: sent.id });
  assert.deepEqual([edited.text, edited.at, edited.from], ['typo', sent.at, sent.from]);
  assert.deepEqual((await there.history()).map(({ id, text }) => [id, text])[0], [sent.id, 'typo']);
});

matrix('B-243 B-244 W-353 W-428: a recall leaves an empty place of type -127', { ...on, sdks: having('edit') }, async (stage) => {
  const { bob, made, there } = await pair(stage);
  const sent = await made.send('regret', {});
  await bob.get('message', { id: sent.id });
  await made.recall(sent);
  const recalled = await bob.get('recalled', { id: sent.id });
  assert.ok(recalled.recalled);
  const [left] = await there.history();
  assert.deepEqual([left.id, left.at, left.recalled, left.text ?? ''], [sent.id, sent.at, true, '']);
});

matrix("B-244 W-352: the sender's other device is told of an edit too", { ...on, sdks: having('edit') }, async (stage) => {
  const { tom, made } = await pair(stage);
  const pad = await stage.client('pad', { id: tom.id });
  const sent = await made.send('one');
  await pad.get('message', { id: sent.id });
  await made.edit(sent, 'two');
  assert.equal((await pad.get('edited', { id: sent.id })).text, 'two');
});

matrix('B-246 W-360: who was away gets the edits made since when it is back', { ...on, sdks: having('edit') }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom');
  const bob = await stage.client('bob', { line });
  const made = await tom.create({ members: [bob.id] });
  const [one, two] = [await made.send('one'), await made.send('two')];
  await bob.get('message', { id: two.id });
  line.close();
  await bob.get('disconnect');
  await made.edit(one, 'uno');
  await made.recall(two);
  line.restore();
  assert.equal((await bob.get('edited', { id: one.id })).text, 'uno');
  assert.ok((await bob.get('recalled', { id: two.id })).recalled);
});

scene('B-247 W-101: the 2015 protocol is not told of edits and sees them in history', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v5 });
  const old = await stage.client('old', { sdk: v2 });
  const made = await tom.create({ members: [old.id] });
  const sent = await made.send('before');
  await old.get('message', { id: sent.id });
  await made.edit(sent, 'after');
  await fence(tom, old);
  assert.deepEqual(old.list('error'), []);
  const there = await old.conversation(made.id);
  assert.deepEqual((await there.history()).map(({ id, text }) => [id, text]), [[sent.id, 'after']]);
});

test('B-239 B-241 W-349: only the own message, only one that exists', async () => {
  const [mine, theirs] = [await RawClient.connect(server, { protocol: 'lc.protobuf2.3' }), await RawClient.connect(server, { protocol: 'lc.protobuf2.3' })];
  const [tom, bob] = [name('tom'), name('bob')];
  await mine.login(tom);
  await theirs.login(bob);
  const { convMessage: { cid } } = await mine.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom, bob] } });
  const { ackMessage: { uid: mid, t: timestamp } } = await mine.ask({ cmd: 'direct', directMessage: { cid, msg: 'mine' } });
  const patch = (client, fields) => client.ask({ cmd: 'patch', op: 'modify', patchMessage: { patches: [{ cid, mid, timestamp, recall: false, data: 'x', ...fields }] } });
  assert.equal((await patch(theirs, {})).errorMessage.code, 4403);
  assert.equal((await patch(mine, { mid: 'unknown' })).errorMessage.code, 4404);
  assert.equal((await patch(mine, { recall: true, data: '' })).op, 'modified');
  assert.equal((await patch(mine, { recall: true })).op, 'modified');
  assert.equal((await patch(mine, {})).errorMessage.code, 4404);
  mine.close();
  theirs.close();
});

matrix("B-239 B-241 W-349: another's message, or one that does not exist, is not edited or recalled: 4403 and 4404", { ...on, sdks: having('edit') }, async (stage) => {
  const { bob, made } = await pair(stage);
  const there = await bob.conversation(made.id);
  const sent = await made.send('mine');
  // The SDK refuses what it knows to be another's; of a bare id and time it knows nothing.
  const [theirs, none] = [{ id: sent.id, timestamp: sent.at }, { id: 'unknown', timestamp: sent.at }].map((sdk) => ({ sdk }));
  for (const act of [(message) => there.edit(message, 'yours'), (message) => there.recall(message)]) {
    await assert.rejects(act(theirs), refusal(4403, 'MESSAGE_OWNERSHIP_REQUIRED'));
    await assert.rejects(act(none), refusal(4404, 'MESSAGE_NOT_FOUND'));
  }
  assert.deepEqual((await made.history()).map(({ text }) => text), ['mine']);
});

matrix('W-234 W-235: receipt times of each other member, as the plug-in for group receipts asks for them', { ...on, sdks: having('readReceipts') }, async (stage) => {
  const { bob, made } = await pair(stage);
  const eve = name('eve');
  await made.add([eve]);
  const sent = await made.send('hello', { receipt: true });
  await bob.get('message', { id: sent.id });
  await (await bob.conversation(made.id)).read();
  // The SDK acknowledges and marks as read a moment later, each by itself.
  let times;
  do { times = await made.sdk._fetchAllReceiptTimestamps(); } while (!(times[0]?.lastDeliveredAt && times[0]?.lastReadAt));
  assert.deepEqual(times.map(({ pid, lastDeliveredAt, lastReadAt }) => [pid, Number(lastDeliveredAt), Number(lastReadAt)]), [[bob.id, sent.at, sent.at]]);
});

matrix('B-238: editing and recalling switched off: 4406 and 4407', { ...on, sdks: having('edit') }, async (stage) => {
  const { made } = await pair(stage, { app: 'fixed' });
  const sent = await made.send('set in stone');
  await assert.rejects(made.edit(sent, 'x'), { code: 4406 });
  await assert.rejects(made.recall(sent), { code: 4407 });
});

matrix('B-215 B-216 B-219 W-277 W-278 W-279: a will is sent when its client is lost, and enters no history', { ...on, sdks: having('will') }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { line });
  const bob = await stage.client('bob');
  const made = await tom.create({ members: [bob.id] });
  const will = await made.send('I was cut off', { will: true });
  await made.send('fence');
  await bob.get('message', { text: 'fence' });
  assert.deepEqual(bob.list('message', { id: will.id }), []);
  line.close();
  assert.equal((await bob.get('message', { id: will.id })).text, 'I was cut off');
  const there = await bob.conversation(made.id);
  assert.deepEqual((await there.history()).map(({ text }) => text), ['fence']);
});

matrix('B-217 W-136 W-280: a logout discards the will', { ...on, sdks: having('will', 'close') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  const will = await made.send('never', { will: true });
  await bob.get('invited', { cid: made.id });
  await tom.close();
  const other = await stage.client('other');
  await fence(other, bob);
  assert.deepEqual(bob.list('message', { id: will.id }), []);
});

matrix('B-218 B-220: of several wills the last counts, over all conversations', { ...on, sdks: having('will') }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { line });
  const [bob, eve] = await stage.clients('bob', 'eve');
  const first = await tom.create({ members: [bob.id] });
  const second = await tom.create({ members: [eve.id] });
  const lost = await first.send('to bob', { will: true });
  const last = await second.send('to eve', { will: true });
  line.close();
  await eve.get('message', { id: last.id });
  await fence(eve, bob);
  assert.deepEqual(bob.list('message', { id: lost.id }), []);
});

matrix('B-221 W-280: being displaced by a tag sends the will', { ...on, sdks: having('will', 'tag') }, async (stage) => {
  const old = await stage.client('tom', { tag: 'mobile' });
  const bob = await stage.client('bob');
  const made = await old.create({ members: [bob.id] });
  const will = await made.send('displaced', { will: true });
  await stage.client('tom', { id: old.id, tag: 'mobile' });
  await bob.get('message', { id: will.id });
});

scene('S-138 B-517: a text of each generation is a text for every other', on, async (stage) => {
  const clients = await Promise.all([v2, v3, v4, v5].map((sdk) => stage.client(`of${sdk.generation}`, { sdk })));
  const made = await clients[0].create({ members: clients.slice(1).map(({ id }) => id) });
  for (const client of clients) await client.get('invited', { cid: made.id });
  for (const sender of clients) {
    const sent = await (await sender.conversation(made.id)).send(`from ${sender.owner}`);
    for (const receiver of clients) {
      if (receiver === sender) continue;
      const received = await receiver.get('message', { id: sent.id });
      assert.equal(received.type, receiver.generation === 2 ? 'text' : -1);
      assert.equal(received.text, `from ${sender.owner}`);
    }
  }
});
