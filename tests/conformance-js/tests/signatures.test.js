// Signatures by the app's own server: what needs one, what a good one is, and what the SDK shows of a refusal.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { startServer } from '../harness/server.js';
import { signer } from '../harness/signer.js';
import { ALL, having, matrix, name, refusal, v2, v3, v4, v5 } from '../sdk/index.js';

const HOUR = 3_600_000;

let server;
before(async () => {
  server = await startServer({
    apps: {
      main: {},
      signed: { signature: { login: true, conversation: true } },
      login: { signature: { login: true } },
      conversation: { signature: { conversation: true } },
      lenient: { signature: { conversation: true, invite_for_kick: true } },
      brief: { signature: { login: true, window_seconds: 60 } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server };

const sorted = (...ids) => ids.flat().sort();
const sign = (app, options) => signer(server.apps[app], options);

/** A client of an app, with the signatures it is to send. */
const signing = (stage, who, app, options, more) => stage.client(who, { app, ...sign(app, options), ...more });

/** Wrong for what `isMeant` says, right for all else. */
const wrongFor = (isMeant) => ({ forge: (signed, question) => (isMeant(question) ? { ...signed, nonce: 'another' } : signed) });

const LOGIN_REFUSED = refusal(4102, 'SIGNATURE_FAILED');
const ACT_REFUSED = refusal(4302, 'CONVERSATION_SIGNATURE_FAILED');

matrix('S-131 B-416 B-417 B-418 B-420 B-429 W-440 W-446: a signed login is let in, its time in milliseconds or in seconds', on, async (stage) => {
  for (const unit of ['milliseconds', 'seconds']) {
    const tom = await signing(stage, 'tom', 'signed', { unit });
    assert.deepEqual(await tom.ping([tom.id]), [tom.id]);
  }
});

matrix('B-416 W-444: a login without a signature is refused', on, async (stage) => {
  await assert.rejects(stage.client('tom', { app: 'signed' }), LOGIN_REFUSED);
});

for (const [how, options] of Object.entries({
  'over another nonce': wrongFor(() => true),
  'of another client': { forge: (signed, { clientId }) => ({ ...signed, signature: sign('signed').signatureFactory(`${clientId}x`).signature }) },
  'with another key': { forge: (signed, { clientId }) => signer({ ...server.apps.signed, masterKey: 'guessed' }).signatureFactory(clientId) },
  'that is no hexadecimal': { forge: (signed) => ({ ...signed, signature: 'not a signature' }) },
  'of seven hours ago': { age: 7 * HOUR },
  'of seven hours ahead': { age: -7 * HOUR },
})) {
  matrix(`B-430 B-432 W-441 W-444: a login with a signature ${how} is refused`, on, async (stage) => {
    await assert.rejects(signing(stage, 'tom', 'signed', options), LOGIN_REFUSED);
  });
}

matrix('B-430 W-441: a signature of five hours ago, or five hours ahead, is good', on, async (stage) => {
  for (const age of [5 * HOUR, -5 * HOUR]) await signing(stage, 'tom', 'signed', { age });
});

matrix('B-430: signature.window_seconds', on, async (stage) => {
  await signing(stage, 'tom', 'brief', { age: 30_000 });
  await assert.rejects(signing(stage, 'tom', 'brief', { age: 90_000 }), LOGIN_REFUSED);
});

matrix('B-419 W-438: the digits of a signature may be upper case', on, async (stage) => {
  await signing(stage, 'tom', 'signed', { forge: (signed) => ({ ...signed, signature: signed.signature.toUpperCase() }) });
});

matrix('W-447: a client that has no id yet signs an empty one', { ...on, sdks: having('modern') }, async (stage) => {
  const nobody = await signing(stage, '', 'signed', {}, { id: undefined });
  assert.ok(nobody.id);
});

matrix('W-443: one signature may be used again', { ...on, sdks: ALL }, async (stage) => {
  const id = name('tom');
  const made = sign('login').signatureFactory(id);
  for (let device = 0; device < 2; device += 1) await signing(stage, 'tom', 'login', { forge: () => made }, { id });
});

matrix('S-131 B-421 B-422 W-449: making a conversation needs a signature over its members', on, async (stage) => {
  const good = await signing(stage, 'good', 'signed', {});
  const made = await good.create({ members: [name('zoe'), name('adam')] });
  assert.equal((await good.conversation(made.id)).members.length, 3);
  const bad = await signing(stage, 'bad', 'signed', wrongFor(({ members }) => members));
  await assert.rejects(bad.create({ members: [name('zoe')] }), ACT_REFUSED);
  assert.deepEqual(await bad.find(), []);
});

matrix('B-416: a client that signs its login alone is refused with 4302 where conversations are signed', { ...on, sdks: having('modern') }, async (stage) => {
  const { signatureFactory } = sign('signed');
  const tom = await stage.client('tom', { app: 'signed', signatureFactory });
  await assert.rejects(tom.create({ members: [] }), ACT_REFUSED);
});

matrix('B-416: the switches are separate: where the login alone is signed, conversations need nothing', { ...on, sdks: having('modern') }, async (stage) => {
  const { signatureFactory } = sign('login');
  const tom = await stage.client('tom', { app: 'login', signatureFactory });
  await tom.create({ members: [] });
});

matrix('B-416: the switches are separate: where conversations alone are signed, the login needs nothing', { ...on, sdks: having('modern') }, async (stage) => {
  const { conversationSignatureFactory } = sign('conversation');
  const tom = await stage.client('tom', { app: 'conversation', conversationSignatureFactory });
  await tom.create({ members: [] });
});

matrix('S-131 B-423 B-424 B-426 W-453: joining, inviting and removing by the names each generation has for them', on, async (stage, sdk) => {
  const options = sign('signed');
  const tom = await stage.client('tom', { app: 'signed', ...options });
  const bob = await signing(stage, 'bob', 'signed', {});
  const eve = name('eve');
  const made = await tom.create({ members: [] });
  await (await bob.conversation(made.id)).join();
  await made.add([eve]);
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, bob.id, eve));
  await made.remove([eve]);
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, bob.id));
  const names = options.asked.map(({ action }) => action).slice(-2);
  assert.deepEqual(names, [v2, v5].includes(sdk) ? ['invite', 'kick'] : ['add', 'remove']);
});

matrix('B-423 B-426: an app that signs invite and kick, as the documents say', { ...on, sdks: [v3, v4] }, async (stage) => {
  const action = (given) => ({ add: 'invite', remove: 'kick' })[given];
  const tom = await signing(stage, 'tom', 'signed', { action });
  const made = await tom.create({ members: [] });
  const eve = name('eve');
  await made.add([eve]);
  await made.remove([eve]);
});

matrix('B-432 W-444: joining, inviting and removing with a wrong signature change nothing', on, async (stage) => {
  const tom = await signing(stage, 'tom', 'signed', wrongFor(({ conversation }) => conversation));
  const bob = await signing(stage, 'bob', 'signed', wrongFor(({ conversation }) => conversation));
  const made = await tom.create({ members: ['eve'] });
  await assert.rejects((await bob.conversation(made.id)).join(), ACT_REFUSED);
  await assert.rejects(made.add([bob.id]), ACT_REFUSED);
  await assert.rejects(made.remove(['eve']), ACT_REFUSED);
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, 'eve'));
});

matrix('B-425 W-452: leaving needs none', on, async (stage) => {
  const tom = await signing(stage, 'tom', 'signed', wrongFor(({ conversation }) => conversation));
  const made = await tom.create({ members: ['eve'] });
  await made.leave();
  assert.deepEqual((await tom.conversation(made.id)).members, ['eve']);
});

matrix('W-453: an invitation does not sign a removal, unless signature.invite_for_kick says so', on, async (stage) => {
  const action = () => 'invite';
  for (const app of ['conversation', 'lenient']) {
    const tom = await signing(stage, 'tom', app, { action });
    const made = await tom.create({ members: ['eve'] });
    if (app === 'lenient') await made.remove(['eve']);
    else await assert.rejects(made.remove(['eve']), ACT_REFUSED);
  }
});

matrix('W-450: making and joining a chat room is signed, sending to it is not', on, async (stage) => {
  const tom = await signing(stage, 'tom', 'signed', {});
  const bob = await signing(stage, 'bob', 'signed', wrongFor(({ conversation }) => conversation));
  const made = await tom.createRoom({ name: 'room' });
  const door = await bob.conversation(made.id);
  await assert.rejects(door.join(), ACT_REFUSED);
  const sent = await door.send('from outside');
  await tom.get('message', { id: sent.id });
});

matrix('W-450: a temporary conversation needs no signature', { ...on, sdks: having('temporary') }, async (stage) => {
  const tom = await stage.client('tom', { app: 'conversation' });
  const made = await tom.createTemporary({ members: ['eve'], ttl: 60 });
  await made.send('unsigned');
});

matrix('B-416 W-442: while nothing is to be signed, signatures are not looked at', on, async (stage) => {
  const tom = await signing(stage, 'tom', 'main', wrongFor(() => true));
  const made = await tom.create({ members: [] });
  await made.add(['eve']);
  await made.remove(['eve']);
});

matrix('B-17 W-117 W-445: a reconnect by session token needs no signature', { ...on, sdks: having('modern') }, async (stage) => {
  const line = await stage.line();
  const options = sign('signed');
  const tom = await stage.client('tom', { app: 'signed', line, ...options });
  line.cut();
  await tom.get('reconnect');
  assert.equal(options.asked.length, 1);
  assert.deepEqual(await tom.ping([tom.id]), [tom.id]);
});

matrix('S-132 B-418: the 2015 SDK has no token: it asks its auth function again when it reconnects', { ...on, sdks: [v2] }, async (stage) => {
  const line = await stage.line();
  const options = sign('signed');
  const tom = await stage.client('tom', { app: 'signed', line, ...options });
  const at = tom.mark();
  line.cut();
  await tom.get('open', {}, { after: at, within: 15_000 });
  assert.deepEqual(options.asked.map(({ clientId }) => clientId), [tom.id, tom.id]);
});

matrix('B-432: if the signing function fails or gives nothing useful, the SDK says so and sends nothing', { ...on, sdks: having('modern') }, async (stage) => {
  const fail = () => { throw new Error('no key today'); };
  await assert.rejects(stage.client('tom', { app: 'signed', ...sign('signed'), signatureFactory: fail }), /sign error: no key today/);
  await assert.rejects(stage.client('tom', { app: 'signed', ...sign('signed'), signatureFactory: () => ({}) }), /malformed signature/);
  const tom = await stage.client('tom', { app: 'signed', ...sign('signed'), conversationSignatureFactory: async () => fail() });
  await assert.rejects(tom.create({ members: [] }), /sign error: no key today/);
});

matrix('S-132 B-432: if the auth function of 2015 refuses, the SDK throws and sends nothing', { ...on, sdks: [v2] }, async (stage) => {
  const { auth } = sign('signed');
  const tom = await stage.client('tom', { app: 'signed', auth: (question, done) => (question.members ? done({ error: 'no' }) : auth(question, done)) });
  await assert.rejects(tom.create({ members: [] }), /denied by application/);
  assert.deepEqual(await tom.find(), []);
});

matrix('B-417 B-418: the signing function may take its time', { ...on, sdks: [v4, v5, v3] }, async (stage) => {
  const { signatureFactory, conversationSignatureFactory } = sign('signed');
  const later = (work) => async (...args) => {
    await new Promise((done) => { setImmediate(done); });
    return work(...args);
  };
  const tom = await stage.client('tom', { app: 'signed', signatureFactory: later(signatureFactory), conversationSignatureFactory: later(conversationSignatureFactory) });
  await tom.create({ members: [] });
});
