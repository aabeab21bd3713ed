// Service conversations: subscribing, what a service says to one and to all, and what is said to it.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { fence } from '../harness/fence.js';
import { startServer } from '../harness/server.js';
import { ALL, having, matrix, name, refusal, scene, v2, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());
const on = { server: () => server };

const GROUP = '/1.2/rtm/service-conversations';
const typed = (text) => JSON.stringify({ _lctype: -1, _lctext: text });
const EVENTS = ['invited', 'kicked', 'membersjoined', 'membersleft'];

/** A service conversation as the app's own server sees it. */
class ServiceAccount {
  static async open(called = name('service')) {
    const { objectId } = await server.rest('POST', GROUP, { name: called });
    return Object.assign(new ServiceAccount(), { id: objectId, name: called });
  }

  call(method, path, body) {
    return server.rest(method, `${GROUP}/${this.id}${path}`, body);
  }

  async tellAll(text, more) {
    return (await this.call('POST', '/broadcasts', { from_client: this.name, message: typed(text), ...more }))['msg-id'];
  }

  async tell(clients, text, more) {
    const ids = clients.map(({ id }) => id);
    return (await this.call('POST', '/messages', { from_client: this.name, to_clients: ids, message: typed(text), ...more }))['msg-id'];
  }
}

/** The older SDKs have no words of their own for it. */
const subscribe = (place) => (place.sdk.subscribe ? place.subscribe() : place.join());
const unsubscribe = (place) => (place.sdk.unsubscribe ? place.unsubscribe() : place.leave());

/** A client and its view of a service to which it subscribes. */
async function subscriber(stage, service, who, options) {
  const client = await stage.client(who, options);
  const place = await client.conversation(service.id);
  await subscribe(place);
  return { client, place };
}

const texts = async (place, options) => (await place.history(options)).map(({ text }) => text);

matrix('B-74 B-142 R-86 W-158 W-159: the app makes it; clients find it by sys', on, async (stage, sdk) => {
  const service = await ServiceAccount.open();
  const tom = await stage.client('tom');
  const found = sdk === v2
    ? await tom.find({ where: { sys: true, name: service.name } })
    : await tom.find({ build: (query) => query.equalTo('sys', true).equalTo('name', service.name) });
  assert.deepEqual(found.map(({ id }) => id), [service.id]);
  assert.deepEqual(found[0].members ?? [], []);
});

matrix('B-142: the SDK has a query of its own for them, and a class', { ...on, sdks: having('service') }, async (stage) => {
  const service = await ServiceAccount.open();
  const tom = await stage.client('tom');
  const [found] = await tom.sdk.getServiceConversationQuery().equalTo('name', service.name).find();
  assert.ok(found instanceof tom.im.ServiceConversation);
  assert.equal(found.id, service.id);
});

matrix('B-73 W-158 W-173: a client cannot make one', { ...on, sdks: having('modern') }, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [], sys: true });
  const found = await tom.conversation(made.id);
  assert.deepEqual([found.sdk.system, found.members], [false, [tom.id]]);
});

matrix('B-141 W-157 W-213 W-229: subscribing and unsubscribing; the count is of subscribers; nobody is told', on, async (stage) => {
  const service = await ServiceAccount.open();
  const [one, other] = [await subscriber(stage, service, 'one'), await subscriber(stage, service, 'other')];
  assert.equal(await one.place.count(), 2);
  await unsubscribe(other.place);
  assert.equal(await one.place.count(), 1);
  await fence(other.client, one.client);
  assert.deepEqual(one.client.all.filter(({ cid, kind }) => cid === service.id && EVENTS.includes(kind)), []);
});

matrix('W-159: a query says whether the asking client subscribes', { ...on, sdks: having('service') }, async (stage) => {
  const service = await ServiceAccount.open();
  const tom = await stage.client('tom');
  const before = await tom.conversation(service.id);
  assert.deepEqual([before.get('joined'), before.get('joinedAt')], [false, undefined]);
  await before.subscribe();
  const after_ = await tom.conversation(service.id);
  assert.equal(after_.get('joined'), true);
  assert.ok(Math.abs(after_.get('joinedAt') - Date.now()) < 60_000);
});

matrix('B-141 R-108 R-110: the app subscribes a client, and ends it', on, async (stage) => {
  const service = await ServiceAccount.open();
  const tom = await stage.client('tom');
  await service.call('POST', '/subscribers', { client_id: tom.id });
  assert.deepEqual(await service.call('GET', '/subscribers/count'), { count: 1 });
  const first = await service.tellAll('welcome');
  await tom.get('message', { id: first });
  await service.call('DELETE', `/subscribers/${tom.id}`);
  await service.tellAll('nobody hears this');
  await fence(await stage.client('bob'), tom);
  assert.deepEqual(tom.list('message', { cid: service.id }).map(({ id }) => id), [first]);
});

scene('B-146 R-93 W-161: what the service says to all reaches every subscriber of every generation, and nobody else', on, async (stage) => {
  const service = await ServiceAccount.open();
  const subscribers = await Promise.all(ALL.map((sdk) => subscriber(stage, service, `of${sdk.generation}`, { sdk })));
  const [stranger, bob] = [await stage.client('stranger'), await stage.client('bob')];
  const said = await service.tellAll('good morning');
  for (const { client } of subscribers) {
    const { text, from, cid } = await client.get('message', { id: said });
    assert.deepEqual([text, from, cid], ['good morning', service.name, service.id]);
  }
  await fence(bob, stranger);
  assert.deepEqual(stranger.list('message', { cid: service.id }), []);
});

matrix('B-145 R-92 W-161: what it says to some reaches only them, subscribers or not', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client: one } = await subscriber(stage, service, 'one');
  const { client: other } = await subscriber(stage, service, 'other');
  const stranger = await stage.client('stranger');
  await service.tell([one, stranger], 'between us');
  for (const client of [one, stranger]) assert.equal((await client.get('message', { cid: service.id })).text, 'between us');
  await fence(one, other);
  assert.deepEqual(other.list('message', { cid: service.id }), []);
});

scene('B-145 R-92: at most twenty receivers in a call', on, async () => {
  const service = await ServiceAccount.open();
  const many = Array.from({ length: 21 }, (_, index) => ({ id: `receiver-${index}` }));
  await assert.rejects(service.tell(many, 'too many'), { status: 400 });
});

matrix('B-143 W-160: what a client says to the service is acknowledged and reaches no other subscriber', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client: one, place } = await subscriber(stage, service, 'one');
  const { client: other } = await subscriber(stage, service, 'other');
  const sent = await place.send('is anybody there');
  assert.ok(sent.id && sent.at);
  await fence(one, other);
  assert.deepEqual(other.list('message', { cid: service.id }), []);
  assert.deepEqual(await texts(place), ['is anybody there']);
});

matrix('B-153 W-161: each client reads its own history: what was said to it, to all, and by itself', on, async (stage) => {
  const service = await ServiceAccount.open();
  const one = await subscriber(stage, service, 'one');
  const other = await subscriber(stage, service, 'other');
  await service.tellAll('to all');
  await service.tell([one.client], 'to one');
  await one.place.send('from one');
  await other.place.send('from the other');
  await service.tellAll('to all again');
  await one.client.get('message', { text: 'to all again' });
  assert.deepEqual(await texts(one.place), ['to all', 'to one', 'from one', 'to all again']);
  assert.deepEqual(await texts(other.place), ['to all', 'from the other', 'to all again']);
  assert.deepEqual(await texts(one.place, { limit: 2 }), ['from one', 'to all again']);
});

matrix('B-153 W-161: its pages go on where the last one began', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'one');
  const said = [];
  for (let index = 0; index < 9; index += 1) {
    said.push(`message ${index}`);
    if (index % 3 === 0) await service.tellAll(said[index]);
    else if (index % 3 === 1) await service.tell([client], said[index]);
    else await place.send(said[index]);
  }
  const pages = [];
  for (let start; ;) {
    const page = await place.history({ limit: 4, start });
    if (page.length === 0) break;
    pages.unshift(...page.map(({ text }) => text));
    [start] = page;
  }
  assert.deepEqual(pages, said);
});

matrix('B-149 B-285 W-161: what a subscriber missed is counted when it returns', { ...on, sdks: having('unread') }, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  await place.send('my own does not count');
  await client.close();
  await service.tellAll('one');
  await service.tell([client], 'two');
  const again = await stage.client('tom', { id: client.id });
  const notice = await again.get('unread', { cid: service.id });
  assert.deepEqual([notice.count, notice.last], [2, 'two']);
  await (await again.conversation(service.id)).read();
  await again.close();
  const third = await stage.client('tom', { id: client.id });
  await fence(await stage.client('bob'), third);
  assert.deepEqual(third.list('unread', { cid: service.id }), []);
});

matrix('B-149 B-272 W-161: the 2015 SDK is sent what it missed', { ...on, sdks: [v2] }, async (stage) => {
  const service = await ServiceAccount.open();
  const { client } = await subscriber(stage, service, 'tom');
  await client.close();
  await service.tellAll('one');
  await service.tell([client], 'two');
  const again = await stage.client('tom', { id: client.id });
  assert.deepEqual((await again.count('message', { cid: service.id }, 2)).map(({ text }) => text), ['one', 'two']);
});

matrix('B-145: one who does not subscribe and is away finds what was said to it', { ...on, sdks: having('unread') }, async (stage) => {
  const service = await ServiceAccount.open();
  const id = name('tom');
  await service.tell([{ id }], 'for you alone');
  const tom = await stage.client('tom', { id });
  const notice = await tom.get('unread', { cid: service.id });
  assert.deepEqual([notice.count, notice.last], [1, 'for you alone']);
  assert.deepEqual(await texts(await tom.conversation(service.id)), ['for you alone']);
});

matrix('B-148 B-149: a message whose time is over waits for nobody, and is in history', { ...on, sdks: [v5] }, async (stage) => {
  const service = await ServiceAccount.open();
  const { client } = await subscriber(stage, service, 'tom');
  await client.close();
  const until = Date.now() + 300;
  await service.tellAll('for a moment', { valid_till: until });
  let again;
  do { again = await stage.client('tom', { id: client.id }); } while (Date.now() <= until);
  const last = await stage.client('tom', { id: client.id });
  await fence(await stage.client('bob'), last);
  assert.deepEqual(last.list('unread', { cid: service.id }), []);
  assert.deepEqual(await texts(await again.conversation(service.id)), ['for a moment']);
});

matrix('B-151: a transient one reaches who is online, and is kept nowhere', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  await service.tellAll('right now', { transient: true });
  await client.get('message', { text: 'right now' });
  assert.deepEqual(await texts(place), []);
});

matrix('B-141: after unsubscribing nothing more arrives', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  const first = await service.tellAll('still here');
  await client.get('message', { id: first });
  await unsubscribe(place);
  await service.tellAll('and gone');
  await fence(await stage.client('bob'), client);
  assert.deepEqual(client.list('message', { cid: service.id }).map(({ id }) => id), [first]);
});

matrix('B-23 W-213: a subscription is of the client: all its devices hear the service', on, async (stage) => {
  const service = await ServiceAccount.open();
  const pad = await stage.client('tom');
  const { client: phone } = await subscriber(stage, service, 'tom', { id: pad.id });
  const said = await service.tellAll('to both');
  for (const device of [phone, pad]) await device.get('message', { id: said });
});

matrix('B-231 W-162: no receipts', { ...on, sdks: having('receiptEvent') }, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  await place.send('receipt?', { receipt: true });
  await fence(await stage.client('bob'), client);
  assert.deepEqual(client.list('receipt'), []);
});

matrix('B-45 W-228: a subscriber mutes it; who does not subscribe is refused with 4317', { ...on, sdks: having('mute') }, async (stage) => {
  const service = await ServiceAccount.open();
  const { place } = await subscriber(stage, service, 'tom');
  await place.mute();
  await place.unmute();
  const stranger = await (await stage.client('stranger')).conversation(service.id);
  await assert.rejects(stranger.mute(), refusal(4317, 'CONVERSATION_MEMBERSHIP_REQUIRED'));
});

matrix('W-224: who does not subscribe may not change it: 4309', on, async (stage) => {
  const service = await ServiceAccount.open();
  const stranger = await (await stage.client('stranger')).conversation(service.id);
  await assert.rejects(stranger.update({ name: 'mine' }), refusal(4309, 'CONVERSATION_UPDATE_REJECTED'));
});

matrix('W-248 W-370: clients silence and block nobody in it: 4314', { ...on, sdks: having('restrictions') }, async (stage) => {
  const service = await ServiceAccount.open();
  const { place } = await subscriber(stage, service, 'tom');
  const required = refusal(4314, 'NORMAL_CONVERSATION_REQUIRED');
  await assert.rejects(place.silence(['bob']), required);
  await assert.rejects(place.silenced(), required);
  await assert.rejects(place.block(['bob']), required);
  await assert.rejects(place.blocked(), required);
});

matrix('B-139 B-140 R-114: the app blocks a client: it subscribes no more', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  await service.call('POST', '/blacklists', { client_ids: [client.id] });
  assert.deepEqual(await service.call('GET', '/subscribers/count'), { count: 0 });
  await assert.rejects(subscribe(place), refusal(4548, 'BLOCKED_BY_CONV'));
});

matrix('B-515 R-86: a service conversation that the app has deleted is gone', on, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  await service.call('DELETE', '');
  await assert.rejects(place.send('hello?'), refusal(4401, 'INVALID_MESSAGING_TARGET'));
  assert.equal(await client.conversation(service.id), null);
});

matrix('W-119: services, subscriptions and what was said outlive the server', { ...on, sdks: [v5] }, async (stage) => {
  const service = await ServiceAccount.open();
  const { client, place } = await subscriber(stage, service, 'tom');
  await service.tellAll('before');
  await client.get('message', { text: 'before' });
  const at = client.mark();
  await server.restart();
  await client.get('reconnect', {}, { after: at, within: 20_000 });
  await service.tellAll('after');
  await client.get('message', { text: 'after' });
  assert.deepEqual(await texts(place), ['before', 'after']);
});
