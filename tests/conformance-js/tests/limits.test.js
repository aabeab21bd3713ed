// How fast a client may act, and that what is over the limit is refused without disturbing anyone.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { startServer } from '../harness/server.js';
import { ALL, having, matrix, refusal, scene, v5 } from '../sdk/index.js';

let server;
before(async () => {
  const limits = { messages_per_minute: 60, messages_burst: 5, history_per_minute: 60, history_burst: 5, others_per_minute: 60, others_burst: 20 };
  server = await startServer({
    apps: {
      main: { limits },
      silent: { limits: { ...limits, over: 'drop' } },
      strict: { clients: { id_policy: 'strict' } },
      official: { limits: { preset: 'leancloud' } },
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
