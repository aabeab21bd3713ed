// leancloud-realtime 2.4.0, the SDK of the 2015 guide, behind the same verbs as the modern ones.
import WebSocket from 'ws';

import { Mailbox, PATIENCE, deadline } from '../harness/events.js';
import { pointTo } from '../harness/names.js';
import { freshCopy } from './packages.js';

/** The SDK parses typed messages into objects of its own; a plain text stays a string. */
function plain(data, cid) {
  const content = data.msg;
  const isTyped = typeof content === 'object' && content !== null;
  return {
    id: data.id ?? data.msgId,
    cid,
    from: data.fromPeerId,
    at: data.timestamp,
    text: isTyped ? content.text : content,
    type: isTyped ? content.type : undefined,
    attributes: isTyped ? content.attr : undefined,
    content,
    transient: data.transient,
    offline: data.offline,
  };
}

function refused({ code, reason, detail }) {
  return Object.assign(new Error(`${code} ${reason}`), { code, reason, detail });
}

class LegacyConversation {
  constructor(client, room, row = {}) {
    Object.assign(this, { client });
    Object.defineProperty(this, 'sdk', { value: room });
    Object.defineProperty(this, 'row', { value: row });
  }

  get id() { return this.sdk.id ?? this.row.objectId; }

  get name() { return this.row.name; }

  get attr() { return this.row.attr; }

  get(key) { return this.row[key]; }

  get members() { return this.row.m; }

  get creator() { return this.row.c; }

  get mutedBy() { return this.row.mu ?? []; }

  get isRoom() { return this.row.tr === true; }

  get lastMessageAt() { return this.row.lm ? Date.parse(this.row.lm.iso) : undefined; }

  get lastMessage() {
    const { msg, msg_from: from, msg_mid: id, msg_timestamp: at } = this.row;
    if (msg === undefined) return undefined;
    return { id, from, at, text: msg.startsWith('{') ? JSON.parse(msg)._lctext : msg };
  }

  get createdAt() { return Date.parse(this.row.createdAt); }

  get updatedAt() { return Date.parse(this.row.updatedAt); }

  /** A transient message has no answer in this generation. */
  async send(content, { transient, receipt } = {}) {
    const options = {};
    if (transient) options.transient = true;
    if (receipt) options.receipt = true;
    let data = content;
    if (typeof content === 'string') {
      options.type = 'text';
      data = { text: content };
    } else if ('raw' in content) {
      data = content.raw;
    } else if (content.type) {
      options.type = content.type;
    }
    if (transient) {
      this.sdk.send(data, options, () => {});
      return {};
    }
    const ack = await this.client.ask((done) => this.sdk.send(data, options, done));
    if (ack.code !== undefined) throw refused(ack);
    return { id: ack.uid, at: ack.t, cid: this.id, from: this.client.id };
  }

  async history({ limit, start } = {}) {
    const asked = { ...(limit !== undefined && { limit }), ...(start && { t: start.at, mid: start.id }) };
    const logs = await this.client.ask((done) => this.sdk.log(asked, done));
    return logs.map((item) => plain(item, this.id));
  }

  join() { return this.client.ask((done) => this.sdk.join(done)); }

  leave() { return this.client.ask((done) => this.sdk.leave(done)); }

  add(ids) { return this.client.ask((done) => this.sdk.add(ids, done)); }

  remove(ids) { return this.client.ask((done) => this.sdk.remove(ids, done)); }

  count() { return this.client.ask((done) => this.sdk.count(done)); }

  list() { return this.client.ask((done) => this.sdk.list(done)); }

  update(changes) { return this.client.ask((done) => this.sdk.update(changes, done)); }

  refresh() { return this.client.conversation(this.id); }
}

class LegacyClient extends Mailbox {
  #refusals = new Map();

  constructor(sdk, id, line) {
    super(`${id} (${sdk.name})`);
    Object.assign(this, { generation: sdk.generation, can: sdk.can, id, line });
    /** What the SDK threw from its own message handler: it does so for every refused conversation command. */
    this.thrown = [];
  }

  attach(realtime) {
    Object.defineProperty(this, 'sdk', { value: realtime });
    const on = (event, kind, describe) => realtime.on(event, (data = {}) => this.put(kind, describe(data)));
    on('open', 'open', ({ peerId, st }) => ({ peerId, st }));
    on('message', 'message', (data) => plain(data, data.cid));
    on('receipt', 'receipt', ({ cid, id, t, from }) => ({ cid, id, at: t, by: from }));
    on('invited', 'invited', ({ cid, initBy }) => ({ cid, by: initBy }));
    on('kicked', 'kicked', ({ cid, initBy }) => ({ cid, by: initBy }));
    on('membersjoined', 'membersjoined', ({ cid, initBy, m }) => ({ cid, by: initBy, members: [...m].sort() }));
    on('membersleft', 'membersleft', ({ cid, initBy, m }) => ({ cid, by: initBy, members: [...m].sort() }));
    on('close', 'disconnect', ({ code }) => ({ code }));
    on('error', 'error', ({ i, code, reason, cmd }) => ({ i, code, reason, cmd }));
    realtime.on('error', (error) => this.#refusals.get(error?.i)?.(error));
  }

  /** Runs one call of the SDK and waits for its callback, or for the error that carries the same serial id. */
  ask(call) {
    let serial;
    const answer = new Promise((resolve, reject) => {
      call(resolve);
      serial = this.sdk.cache.serialId;
      this.#refusals.set(serial, (error) => reject(refused(error)));
    });
    return deadline(answer, `answer to command ${serial} of ${this.owner}`, PATIENCE).finally(() => this.#refusals.delete(serial));
  }

  async create({ members = [], name, attr, unique, transient } = {}) {
    const options = { members, name, attr, unique, transient };
    const room = await this.ask((done) => this.sdk.conv(options, done));
    return new LegacyConversation(this, room, { objectId: room.id, name: room.name, attr: room.attr });
  }

  createRoom({ name, attr } = {}) {
    return this.create({ name, attr, transient: true });
  }

  /** The SDK's object for an id, with the row a query gives; null if there is none. */
  async conversation(id) {
    const room = await this.ask((done) => this.sdk.room(id, done));
    if (!room) return null;
    const [row] = await this.ask((done) => this.sdk.query({ where: { objectId: id } }, done));
    return new LegacyConversation(this, room, row);
  }

  async find({ where, limit, skip, sort, compact, lastMessages } = {}) {
    const asked = {
      ...(where && { where: structuredClone(where) }),
      ...(limit !== undefined && { limit }),
      ...(skip !== undefined && { skip }),
      ...(sort && { sort: sort.join(',') }),
      compact,
      withLastMessages: lastMessages,
    };
    const rows = await this.ask((done) => this.sdk.query(asked, done));
    return rows.map((row) => new LegacyConversation(this, {}, row));
  }

  ping(ids) {
    return this.ask((done) => this.sdk.ping(ids, done));
  }

  /** Closes the socket: this generation has no logout of its own. */
  async close() {
    if (this.sdk.cache.ws?.readyState === WebSocket.OPEN) this.sdk.close();
  }

  /** Keeps the SDK from coming back: a reconnect that it has planned undoes its own close. */
  async dispose() {
    clearTimeout(this.sdk.cache.reuseTimer);
    this.sdk.cache.closeFlag = true;
    this.sdk.cache.ws?.terminate();
  }
}

export const v2 = {
  name: '2.4.0',
  generation: 2,
  can: new Set(['receiptEvent']),

  async open(server, id, { app = 'main', line, secure = true, auth } = {}) {
    const realtime = freshCopy('lc2');
    const way = line ?? await server.line();
    const client = new LegacyClient(v2, id, way);
    pointTo(way.host, way);
    pointTo('router-g0-push.leancloud.cn', way);
    // A browser reports what a listener throws and goes on; Node would end the process.
    class PageSocket extends WebSocket {
      constructor(url) {
        super(Object.assign(new URL(url), { hostname: way.host }));
      }

      addEventListener(type, listener) {
        super.addEventListener(type, (event) => {
          try { listener(event); } catch (thrown) { client.thrown.push(thrown); }
        });
      }
    }
    realtime.config({ WebSocket: PageSocket });
    const object = realtime({ appId: server.apps[app].id, ...(id && { clientId: id }), secure, auth });
    client.attach(object);
    const opened = client.get('open', {}, { within: 15_000 });
    const failed = client.get('error', {}, { within: 15_000 }).then((error) => { throw refused(error); });
    failed.catch(() => {});
    try {
      await Promise.race([opened, failed]);
    } catch (error) {
      await client.dispose();
      throw error;
    }
    return client;
  },
};
