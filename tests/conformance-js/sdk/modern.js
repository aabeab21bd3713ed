// leancloud-realtime 3.5.7, 4.3.1 and 5.0.0-rc.8 behind one set of verbs. What an SDK cannot do it does not pretend to do:
// the generation's `can` says so, and a test asks for it.
import { Mailbox, deadline, grace } from '../harness/events.js';
import { pointTo } from '../harness/names.js';
import { freshCopy } from './packages.js';

/** A message as tests compare it. The SDK's own object is there too, but not printed. */
function plain(im, message, cid = message.cid) {
  const typed = message instanceof im.TypedMessage;
  const binary = im.BinaryMessage !== undefined && message instanceof im.BinaryMessage;
  const item = {
    id: message.id,
    cid,
    from: message.from,
    at: Number(message.timestamp),
    text: typed ? message.getText() : message.content,
    type: typed ? message.type : undefined,
    attributes: typed ? message.getAttributes() : undefined,
    recalled: message instanceof im.RecalledMessage,
    bytes: binary ? Buffer.from(message.content) : undefined,
    mentioned: message.mentioned,
    mentionList: message.mentionList,
    mentionedAll: message.mentionedAll,
    deliveredAt: message.deliveredAt ? Number(message.deliveredAt) : undefined,
  };
  Object.defineProperty(item, 'sdk', { value: message });
  return item;
}

class ModernConversation {
  constructor(client, sdk) {
    Object.assign(this, { client });
    Object.defineProperty(this, 'sdk', { value: sdk });
  }

  get id() { return this.sdk.id; }

  get name() { return this.sdk.name; }

  get attr() { return this.sdk.get('attr'); }

  get(key) { return this.sdk.get(key); }

  get members() { return this.sdk.members; }

  get creator() { return this.sdk.creator; }

  get mutedBy() { return this.sdk.mutedMembers ?? []; }

  get isRoom() { return this.sdk.transient === true; }

  get lastMessageAt() { return this.sdk.lastMessageAt ? Number(this.sdk.lastMessageAt) : undefined; }

  get lastMessage() { return this.sdk.lastMessage ? plain(this.client.im, this.sdk.lastMessage) : undefined; }

  get createdAt() { return Number(this.sdk.createdAt); }

  get updatedAt() { return Number(this.sdk.updatedAt); }

  get unread() { return this.sdk.unreadMessagesCount; }

  /** A message object of the SDK; sending the same object twice is what an app does when the answer was lost. */
  message(content, { mention } = {}) {
    const { im } = this.client;
    let message = content;
    if (typeof content === 'string') message = new im.TextMessage(content);
    else if (content instanceof ArrayBuffer) message = new im.BinaryMessage(content);
    else if ('raw' in content) message = new im.Message(content.raw);
    if (mention?.list) message.setMentionList(mention.list);
    if (mention?.all) message.mentionAll();
    return message;
  }

  async send(content, { mention, ...options } = {}) {
    const message = this.message(content, { mention });
    await this.sdk.send(message, options);
    return plain(this.client.im, message, this.id);
  }

  async history({ limit, start, end, direction, type } = {}) {
    const { OLD_TO_NEW, NEW_TO_OLD } = this.client.im.MessageQueryDirection ?? {};
    const asked = this.client.generation === 3
      ? { limit, beforeTime: start?.at, beforeMessageId: start?.id, afterTime: end?.at, afterMessageId: end?.id }
      : {
        limit,
        type,
        startTime: start?.at,
        startMessageId: start?.id,
        startClosed: start?.closed,
        endTime: end?.at,
        endMessageId: end?.id,
        endClosed: end?.closed,
        direction: { forward: OLD_TO_NEW, backward: NEW_TO_OLD }[direction],
      };
    const wanted = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
    return (await this.sdk.queryMessages(wanted)).map((message) => plain(this.client.im, message, this.id));
  }

  async edit(sent, text) {
    return plain(this.client.im, await this.sdk.update(sent.sdk, this.message(text)), this.id);
  }

  async recall(sent) {
    return plain(this.client.im, await this.sdk.recall(sent.sdk), this.id);
  }

  async join() { return this.sdk.join(); }

  async leave() { return this.sdk.quit(); }

  async add(ids) { return this.sdk.add(ids); }

  async remove(ids) { return this.sdk.remove(ids); }

  async count() { return this.sdk.count(); }

  async silence(ids) { return this.sdk.muteMembers(ids); }

  async release(ids) { return this.sdk.unmuteMembers(ids); }

  /** A page of the silenced: `{ results, next }`. */
  async silenced(page) { return this.sdk.queryMutedMembers(page); }

  async block(ids) { return this.sdk.blockMembers(ids); }

  async unblock(ids) { return this.sdk.unblockMembers(ids); }

  /** A page of the blocked: `{ results, next }`. */
  async blocked(page) { return this.sdk.queryBlockedMembers(page); }

  async setRole(id, role) { return this.sdk.updateMemberRole(id, role); }

  /** Every member's role by its id, asked anew. */
  async roles() {
    const infos = await this.sdk.getAllMemberInfo({ noCache: true });
    return Object.fromEntries(infos.map((info) => [info.memberId, info.role]));
  }

  async subscribe() { return this.sdk.subscribe(); }

  async unsubscribe() { return this.sdk.unsubscribe(); }

  async mute() { return this.sdk.mute(); }

  async unmute() { return this.sdk.unmute(); }

  async read() { return this.sdk.read(); }

  /** Sets properties, dotted paths included, and saves. */
  async update(changes) {
    for (const [key, value] of Object.entries(changes)) this.sdk.set(key, value);
    return this.sdk.save();
  }

  async refresh() {
    await this.sdk.fetch();
    return this;
  }

  async receiptTimes() {
    await this.sdk.fetchReceiptTimestamps();
    return this.knownReceiptTimes();
  }

  knownReceiptTimes() {
    const number = (date) => (date ? Number(date) : undefined);
    return { deliveredAt: number(this.sdk.lastDeliveredAt), readAt: number(this.sdk.lastReadAt) };
  }
}

class ModernClient extends Mailbox {
  constructor(sdk, im, realtime, client, line) {
    super(`${client.id} (${sdk.name})`);
    Object.assign(this, { generation: sdk.generation, can: sdk.can, im, realtime, line });
    Object.defineProperty(this, 'sdk', { value: client });
    this.#listen();
  }

  get id() { return this.sdk.id; }

  #listen() {
    const { im, sdk: client } = this;
    const on = (event, kind, describe) => client.on(event, (...args) => this.put(kind, describe(...args)));
    on('message', 'message', (message, conversation) => plain(im, message, conversation.id));
    on('messageupdate', 'edited', (message, conversation, reason) => ({ ...plain(im, message), reason }));
    on('messagerecall', 'recalled', (message) => plain(im, message));
    on('invited', 'invited', (payload, { id }) => ({ cid: id, by: payload.invitedBy }));
    on('kicked', 'kicked', (payload, { id }) => ({ cid: id, by: payload.kickedBy }));
    on('membersjoined', 'membersjoined', (payload, { id }) => ({ cid: id, by: payload.invitedBy, members: [...payload.members].sort() }));
    on('membersleft', 'membersleft', (payload, { id }) => ({ cid: id, by: payload.kickedBy, members: [...payload.members].sort() }));
    for (const [event, by] of Object.entries({ muted: 'mutedBy', unmuted: 'unmutedBy', blocked: 'blockedBy', unblocked: 'unblockedBy' })) {
      on(event, event, (payload, { id }) => ({ cid: id, by: payload[by] }));
      on(`members${event}`, `members${event}`, (payload, { id }) => ({ cid: id, by: payload[by], members: [...payload.members].sort() }));
    }
    on('memberinfoupdated', 'role', (payload, { id }) => ({ cid: id, by: payload.updatedBy, member: payload.member, role: payload.memberInfo.role }));
    on('conversationinfoupdated', 'info', (payload, { id }) => ({ cid: id, by: payload.updatedBy, attributes: payload.attributes }));
    on('conflict', 'conflict', (payload) => payload);
    on('close', 'closed', (payload) => payload);
    on('reconnecterror', 'reconnecterror', (error) => ({ code: error.code, reason: error.message }));
    for (const event of ['disconnect', 'reconnect', 'schedule', 'retry', 'online', 'offline']) on(event, event, () => ({}));
    client.on('unreadmessagescountupdate', (conversations) => {
      for (const { id, unreadMessagesCount: count, unreadMessagesMentioned: mentioned, lastMessage } of conversations) {
        this.put('unread', { cid: id, count, mentioned, last: lastMessage && plain(im, lastMessage, id).text });
      }
    });
  }

  #wrap(conversation) {
    if (!conversation) return null;
    if (!conversation.listenedTo) {
      Object.defineProperty(conversation, 'listenedTo', { value: true });
      const times = () => new ModernConversation(this, conversation).knownReceiptTimes();
      conversation.on('lastdeliveredatupdate', () => this.put('delivered', { cid: conversation.id, at: times().deliveredAt }));
      conversation.on('lastreadatupdate', () => this.put('read', { cid: conversation.id, at: times().readAt }));
      conversation.on('receipt', ({ message }) => this.put('receipt', { cid: conversation.id, id: message.id, at: Number(message.deliveredAt) }));
      for (const event of ['invited', 'kicked', 'membersjoined', 'membersleft']) {
        conversation.on(event, () => this.put(`conversation ${event}`, { cid: conversation.id }));
      }
    }
    return new ModernConversation(this, conversation);
  }

  /** Another client on the same connection. */
  async beside(id, options = {}) {
    return openClient(this, this.im, this.realtime, id, options, this.line);
  }

  /** `unique` left out means false here, whatever the generation's default. */
  async create({ members = [], name, attr, unique = false, transient, ...properties } = {}) {
    return this.#wrap(await this.sdk.createConversation({
      members: transient ? undefined : members,
      ...(name && { name }),
      ...(attr && { attr }),
      ...(transient && { transient }),
      ...(!transient && { unique }),
      ...properties,
    }));
  }

  createRoom({ name, attr } = {}) {
    return this.create({ name, attr, transient: true });
  }

  /** A conversation for `ttl` seconds. `unique` left out means false here too. */
  async createTemporary({ members, ttl, unique = false }) {
    return this.#wrap(await this.sdk.createTemporaryConversation({ members, ttl, unique }));
  }

  async conversation(id) {
    return this.#wrap(await this.sdk.getConversation(id, true));
  }

  /** Conversations by the SDK's own query builder. */
  async find({ build = (query) => query, limit, skip, sort, compact, lastMessages } = {}) {
    let query = this.sdk.getQuery();
    query = build(query, this.im.ConversationQuery, () => this.sdk.getQuery()) ?? query;
    if (limit !== undefined) query.limit(limit);
    if (skip !== undefined) query.skip(skip);
    for (const [index, key] of (sort ?? []).entries()) {
      const verb = `${index ? 'add' : ''}${key.startsWith('-') ? 'Descending' : 'Ascending'}`;
      query[verb[0].toLowerCase() + verb.slice(1)](key.replace('-', ''));
    }
    if (compact) query.compact();
    if (lastMessages) query.withLastMessagesRefreshed();
    return (await query.find()).map((found) => this.#wrap(found));
  }

  async ping(ids) {
    return this.sdk.ping(ids);
  }

  async close() {
    await this.sdk.close();
  }

  /** Ends everything on this client's connection and keeps the SDK from coming back. */
  async dispose() {
    await Promise.race([this.close().catch(() => {}), grace()]);
    this.realtime.pause();
  }
}

async function openClient(sdk, im, realtime, id, { tag, ...options }, line) {
  const client = sdk.generation === 3
    ? await realtime.createIMClient(id, options, tag)
    : await realtime.createIMClient(id, { ...(tag && { tag }), ...options });
  return new ModernClient(sdk, im, realtime, client, line);
}

/** The first questions of two clients of 3.5.7 must not overlap: both go to the same host name. */
let turn = Promise.resolve();

function takeTurn(work) {
  const mine = turn.then(work);
  turn = mine.catch(() => {});
  return mine;
}

function address(generation, server, line) {
  if (generation === 3) return {};
  if (generation === 4) return { server: `127.0.0.1:${line.port}` };
  return line ? { server: `https://127.0.0.1:${line.port}` } : { server: server.url, ssl: false };
}

function modern({ name, module, generation, can }) {
  const sdk = { name, generation, can: new Set(can) };

  /** A Realtime object of its own copy of the SDK, and so a connection and a device of its own. */
  sdk.realtime = async (server, { app = 'main', line, noBinary, pushOfflineMessages, ...options } = {}) => {
    const im = freshCopy(module);
    const { id: appId, key: appKey } = server.apps[app];
    const way = line ?? (generation === 5 ? undefined : await server.line());
    if (way) pointTo(way.host, way);
    const realtime = new im.Realtime({
      appId,
      appKey,
      ...address(generation, server, way),
      ...(noBinary && { noBinary }),
      ...(pushOfflineMessages && { pushOfflineMessages }),
      ...options,
    });
    return { im, realtime, line: way };
  };

  sdk.open = async (server, id, { app, line, noBinary, pushOfflineMessages, realtime: realtimeOptions, ...options } = {}) => {
    const made = await sdk.realtime(server, { app, line, noBinary, pushOfflineMessages, ...realtimeOptions });
    const start = () => {
      if (generation === 3) pointTo('app-router.leancloud.cn', made.line);
      return openClient(sdk, made.im, made.realtime, id, options, made.line);
    };
    const opening = generation === 3 ? takeTurn(start) : start();
    return deadline(opening, `login of ${id} with ${name}`, 15_000);
  };
  return sdk;
}

const COMMON = [
  'modern', 'unread', 'mute', 'readReceipts', 'edit', 'tag', 'close', 'noBinary', 'will', 'priority', 'dedup', 'plainQuery',
];

export const v3 = modern({
  name: '3.5.7', module: 'lc3', generation: 3, can: [...COMMON, 'pushOfflineMessages', 'receiptEvent', 'historyAfter'],
});
export const v4 = modern({
  name: '4.3.1',
  module: 'lc4',
  generation: 4,
  can: [...COMMON, 'pushOfflineMessages', 'history', 'mention', 'binary', 'info', 'partial', 'temporary', 'restrictions', 'roles', 'service', 'notifications', 'transientAck', 'goaway'],
});
export const v5 = modern({
  name: '5.0.0-rc.8',
  module: 'leancloud-realtime',
  generation: 5,
  can: [...COMMON, 'history', 'mention', 'binary', 'info', 'partial', 'temporary', 'restrictions', 'roles', 'service', 'notifications', 'transientAck', 'goaway', 'combinedQuery'],
});
