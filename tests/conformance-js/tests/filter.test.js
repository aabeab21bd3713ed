// Listed words: what others read, what is kept, and what the one who wrote them is told.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { fence } from '../harness/fence.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, scene, v2, v3, v5 } from '../sdk/index.js';

let server;
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yanshu-conformance-words-'));
  const words = join(folder, 'words.txt');
  await writeFile(words, 'swear\n坏话\n');
  server = await startServer({ apps: { main: {}, filtered: { filter: { words } }, everywhere: { filter: { words, one_to_one: true } } } });
});
after(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});
const on = { server: () => server };

const CENSORED = -4408;

/** A conversation of tom's with bob, and with eve who is away: three members. */
async function group(stage, app = 'filtered', others = [name('eve')]) {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app })));
  const made = await tom.create({ members: [bob.id, ...others] });
  return { tom, bob, made, there: await bob.conversation(made.id) };
}

matrix('B-452 B-454: listed words reach nobody: others read ***, and so does history', on, async (stage) => {
  const { bob, made, there } = await group(stage);
  const sent = await made.send('I swear, no 坏话 here');
  const received = await bob.get('message', { id: sent.id });
  assert.equal(received.text, 'I ***, no *** here');
  for (const place of [made, there]) assert.deepEqual((await place.history()).map(({ text }) => text), ['I ***, no *** here']);
});

matrix('B-454: of a typed message only the text is changed', { ...on, sdks: having('modern') }, async (stage) => {
  const { tom, bob, made } = await group(stage);
  const message = made.message('I swear');
  message.setAttributes({ note: 'I swear' });
  await made.sdk.send(message);
  const received = await bob.get('message', { from: tom.id });
  assert.deepEqual([received.text, received.attributes], ['I ***', { note: 'I swear' }]);
});

matrix('B-454: of any other message all of the content is', on, async (stage) => {
  const { tom, bob, made } = await group(stage);
  await made.send({ raw: 'plainly: swear' });
  assert.equal((await bob.get('message', { from: tom.id })).text, 'plainly: ***');
});

matrix('B-245 B-456 W-356: the sender is told of the change, with the reason -4408', { ...on, sdks: having('info') }, async (stage) => {
  const { tom, bob, made } = await group(stage);
  const sent = await made.send('I swear');
  const { text, reason } = await tom.get('edited', { id: sent.id });
  assert.deepEqual([text, reason.code], ['I ***', CENSORED]);
  await bob.get('message', { id: sent.id });
  await fence(tom, bob);
  assert.deepEqual(bob.list('edited'), []);
});

matrix('B-456 W-356: an SDK that knows no reasons is told all the same', { ...on, sdks: [v3] }, async (stage) => {
  const { tom, made } = await group(stage);
  const sent = await made.send('I swear');
  assert.equal((await tom.get('edited', { id: sent.id })).text, 'I ***');
});

matrix('B-247 B-456: the 2015 SDK sees it in history only', { ...on, sdks: [v2] }, async (stage) => {
  const { tom, bob, made } = await group(stage);
  await made.send('I swear');
  await fence(bob, tom);
  assert.deepEqual(tom.thrown, []);
  assert.deepEqual((await made.history()).map(({ text }) => text), ['I ***']);
});

matrix('B-456: a message without listed words is left alone, and nobody is told anything', { ...on, sdks: having('edit') }, async (stage) => {
  const { tom, bob, made } = await group(stage);
  const sent = await made.send('I promise');
  assert.equal((await bob.get('message', { id: sent.id })).text, 'I promise');
  await fence(bob, tom);
  assert.deepEqual(tom.list('edited'), []);
});

matrix('B-457: an edited message is filtered too', { ...on, sdks: having('edit') }, async (stage) => {
  const { bob, made } = await group(stage);
  const sent = await made.send('I promise');
  await made.edit(sent, 'I swear');
  assert.equal((await bob.get('edited', { id: sent.id })).text, 'I ***');
  assert.deepEqual((await made.history()).map(({ text }) => text), ['I ***']);
});

matrix('B-453: between two nothing is filtered, unless filter.one_to_one says so', on, async (stage) => {
  for (const [app, expected] of [['filtered', 'I swear'], ['everywhere', 'I ***']]) {
    const { bob, made } = await group(stage, app, []);
    const sent = await made.send('I swear');
    assert.equal((await bob.get('message', { id: sent.id })).text, expected, app);
  }
});

matrix('B-453: in a chat room it is, however few are there', on, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app: 'filtered' })));
  const made = await tom.createRoom({ name: 'room' });
  await (await bob.conversation(made.id)).join();
  const sent = await made.send('I swear');
  assert.equal((await bob.get('message', { id: sent.id })).text, 'I ***');
});

matrix('B-455: by default no word is listed', on, async (stage) => {
  const { bob, made } = await group(stage, 'main');
  const sent = await made.send('I swear');
  assert.equal((await bob.get('message', { id: sent.id })).text, 'I swear');
});

matrix('B-452: a transient message is filtered too', on, async (stage) => {
  const { tom, bob, made } = await group(stage);
  await made.send('I swear', { transient: true });
  assert.equal((await bob.get('message', { from: tom.id })).text, 'I ***');
});

scene('B-452 B-285: what an absent member is shown as the last message is filtered', on, async (stage) => {
  const tom = await stage.client('tom', { app: 'filtered' });
  const id = name('bob');
  const made = await tom.create({ members: [id, name('eve')] });
  await made.send('I swear');
  const bob = await stage.client('bob', { sdk: v5, app: 'filtered', id });
  assert.equal((await bob.get('unread', { cid: made.id })).last, 'I ***');
});
