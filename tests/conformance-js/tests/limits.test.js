// How fast a client may act, and that what is over the limit is refused without disturbing anyone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { ALL, having, matrix, name, refusal, scene, v5 } from '../sdk/index.js';

let server;
before(async () => {
  const limits = { messages_per_minute: 60, messages_burst: 5, history_per_minute: 60, history_burst: 5, others_per_minute: 60, others_burst: 20 };
  server = await startServer({
    apps: {
      main: { limits },
      silent: { limits: { ...limits, over: 'drop' } },
      strict: { clients: { id_policy: 'strict' } },
      official: { limits: { preset: 'leancloud' } },
      busy: { limits: { messages_per_minute: 0, deliveries_per_second: 5 } },
      barred: { clients: { blocked: ['mallory', 'trudy'] } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server };

/** How many of `n` calls made at once are answered well. All others must be refused for their number. */
async function flood(n, call) {
  const errors = await Promise.all(Array.from({ length: n }, () => call().then(() => null, (error) => error)));
  const refused = errors.filter((error) => error);
  refused.forEach(refusal(4116, 'MESSAGE_SENT_QUOTA_EXCEEDED'));
  return n - refused.length;
}

matrix('B-502 B-505 W-292: messages over the limit are refused with 4116; the connection and the others live', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  const there = await bob.conversation(made.id);
  const good = await flood(12, () => made.send('flood'));
  assert.ok(good >= 5 && good <= 7, `${good}`);
  const answer = await there.send('I am undisturbed');
  await tom.get('message', { id: answer.id });
  assert.equal((await bob.count('message', { cid: made.id }, good)).length, good);
});

matrix('B-503 B-505: history over the limit is refused with 4116', { ...on, sdks: having('modern') }, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.create({ members: [] });
  // An SDK holds back an identical question while the first is unanswered, so each asks for another number.
  let limit = 0;
  const good = await flood(12, () => { limit += 1; return made.history({ limit }); });
  assert.ok(good >= 5 && good <= 7, `${good}`);
});

scene('B-505: limits.over = drop ignores what is over the limit', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v5, app: 'silent' });
  const bob = await stage.client('bob', { sdk: v5, app: 'silent' });
  const made = await tom.create({ members: [bob.id] });
  const answers = Array.from({ length: 8 }, (_, index) => made.send(`${index}`));
  for (const answer of answers) answer.catch(() => {});
  await bob.count('message', { cid: made.id }, 5);
  const settled = await Promise.all(answers.map((answer) => Promise.race([answer.then(() => 'ok'), bob.ping([bob.id]).then(() => 'nothing')])));
  assert.ok(settled.filter((state) => state === 'nothing').length >= 1, `${settled}`);
});

matrix('B-502 B-503 B-504 B-505: the preset of official numbers: 60 messages, 120 questions of history and 30 other commands a minute', { ...on, sdks: having('modern') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'official' });
  const made = await tom.create({ members: [] });
  // Time passes meanwhile, and with each second a few more are good.
  const messages = await flood(100, () => made.send('flood'));
  assert.ok(messages >= 60 && messages <= 75, `${messages}`);
  let limit = 0;
  const history = await flood(200, () => { limit += 1; return made.history({ limit }); });
  assert.ok(history >= 120 && history <= 150, `${history}`);
  const others = await flood(60, () => { limit += 1; return tom.find({ limit }); });
  assert.ok(others >= 25 && others <= 40, `${others}`);
});

matrix('B-238: the preset of official numbers: no edits and no recalls', { ...on, sdks: having('edit') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'official' });
  const made = await tom.create({ members: [] });
  const sent = await made.send('for ever');
  await assert.rejects(made.edit(sent, 'not'), refusal(4406, 'MESSAGE_EDIT_DISABLED'));
  await assert.rejects(made.recall(sent), refusal(4407, 'MESSAGE_RECALL_DISABLED'));
});

matrix('B-3: clients.id_policy = strict refuses ids that the newest documents forbid', { ...on, sdks: ALL }, async (stage) => {
  await stage.client('good', { app: 'strict', id: `good_ID-${stage.sdk.generation}` });
  for (const id of ['1digit', 'space d', '中文']) {
    await assert.rejects(stage.client('bad', { app: 'strict', id }), { code: 4103 }, id);
  }
});

matrix('B-21: clients.blocked: a client that is barred from the app cannot log in: 4106', on, async (stage) => {
  for (const id of ['mallory', 'trudy']) await assert.rejects(stage.client('', { app: 'barred', id }), refusal(4106, 'BLACKLISTED'));
  await stage.client('tom', { app: 'barred' });
});

matrix('B-269 B-508: over limits.deliveries_per_second messages of low priority are dropped, and those of high priority are not', { ...on, sdks: having('priority') }, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app: 'busy' })));
  const made = await tom.createRoom({ name: 'room' });
  await (await bob.conversation(made.id)).join();
  const { HIGH, LOW } = tom.im.MessagePriority;
  const sent = await Promise.all(Array.from({ length: 300 }, (_, index) => made.send(`${index}`, { priority: index % 3 ? LOW : HIGH })));
  const last = await made.send('last', { priority: HIGH });
  await bob.get('message', { id: last.id });
  const got = new Set(bob.list('message').map(({ id }) => id));
  const lost = sent.flatMap(({ id }, index) => (got.has(id) ? [] : [index]));
  assert.ok(lost.length > 0);
  assert.deepEqual(lost.filter((index) => index % 3 === 0), []);
  assert.equal((await made.history({ limit: 400 })).length, 301);
});

scene('B-508: what history keeps for members is delivered whatever the ceiling', on, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app: 'busy' })));
  const made = await tom.create({ members: [bob.id] });
  const sent = await Promise.all(Array.from({ length: 200 }, (_, index) => made.send(`${index}`)));
  const got = await bob.count('message', { cid: made.id }, sent.length);
  assert.deepEqual(got.map(({ id }) => id).sort(), sent.map(({ id }) => id).sort());
});

test('issue 3: throttle: more logins from one address than it may have are refused with 4116, more connections with HTTP 429', async () => {
  const careful = await startServer({ throttle: { logins_per_minute: 1, logins_burst: 2, connections_per_minute: 1, connections_burst: 6 } });
  try {
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(careful, { protocol: 'lc.protobuf2.3' })));
    const outcomes = [];
    for (const client of clients) outcomes.push((await client.login(name('tom'))).errorMessage?.code ?? 'opened');
    assert.deepEqual(outcomes, ['opened', 'opened', 4116, 4116, 4116, 4116]);
    const late = new RawClient(careful, { protocol: 'lc.protobuf2.3' });
    assert.match((await late.get('error')).reason, /429/);
    for (const client of clients) client.close();
  } finally {
    await careful.dispose();
  }
});

matrix('issue 3: throttle: the SDK shows 4116 for a login too many', on, async (stage) => {
  const careful = await startServer({ throttle: { logins_per_minute: 1, logins_burst: 1 } });
  try {
    stage.server = careful;
    await stage.client('first');
    await assert.rejects(stage.client('second'), refusal(4116, 'MESSAGE_SENT_QUOTA_EXCEEDED'));
  } finally {
    await stage.clear();
    await careful.dispose();
  }
});
