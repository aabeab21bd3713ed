// One conversation, four generations, one server.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { fence } from '../harness/fence.js';
import { startServer } from '../harness/server.js';
import { ALL, scene } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());
const on = { server: () => server };

/** One client of each generation, all in one conversation that every one of them has loaded. */
async function everybody(stage) {
  const clients = await Promise.all(ALL.map((sdk) => stage.client(`of${sdk.generation}`, { sdk })));
  const made = await clients[0].create({ members: clients.map(({ id }) => id), name: 'everybody' });
  const places = await Promise.all(clients.map(async (client) => {
    await client.get('invited', { cid: made.id });
    return client.conversation(made.id);
  }));
  return { clients, places, cid: made.id };
}

scene('issue 2: each generation sends, all others receive, in one order; all read one history', on, async (stage) => {
  const { clients, places, cid } = await everybody(stage);
  await Promise.all(places.map(async (place, who) => {
    for (let index = 0; index < 25; index += 1) await place.send(`${who}: message ${index} 你好 😀`);
  }));
  const histories = await Promise.all(places.map((place) => place.history({ limit: 200 })));
  const wanted = histories[0].map(({ id, at, from, text }) => ({ id, at, from, text }));
  assert.equal(wanted.length, 100);
  for (const history of histories) assert.deepEqual(history.map(({ id, at, from, text }) => ({ id, at, from, text })), wanted);
  for (const client of clients) {
    const others = wanted.filter(({ from }) => from !== client.id);
    const got = await client.count('message', { cid }, 75);
    assert.deepEqual(got.map(({ id, at, from, text }) => ({ id, at, from, text })), others, client.owner);
  }
  for (const [who] of clients.entries()) {
    const own = wanted.filter(({ from }) => from === clients[who].id).map(({ text }) => text);
    assert.deepEqual(own, Array.from({ length: 25 }, (_, index) => `${who}: message ${index} 你好 😀`));
  }
});

scene('issue 2: member changes by any generation are told to all', on, async (stage) => {
  const { clients, places, cid } = await everybody(stage);
  for (const [who, place] of places.entries()) {
    const guest = `guest of ${clients[who].id}`;
    await place.add([guest]);
    for (const client of clients) {
      const joined = await client.get('membersjoined', ({ members, by }) => by === clients[who].id && members.includes(guest));
      assert.equal(joined.cid, cid);
    }
    await place.remove([guest]);
    for (const client of clients) await client.get('membersleft', { cid, by: clients[who].id });
  }
  await places[3].remove([clients[0].id]);
  assert.equal((await clients[0].get('kicked', { cid })).by, clients[3].id);
  for (const client of clients.slice(1)) await client.get('membersleft', ({ members }) => members.includes(clients[0].id));
});

scene('issue 2: what one generation names, another renames and all read', on, async (stage) => {
  const { clients, places, cid } = await everybody(stage);
  for (const [who, place] of places.entries()) {
    await place.update({ name: `by ${who}`, [`attr.k${who}`]: who });
    for (const client of clients) {
      const seen = await client.conversation(cid);
      assert.equal(seen.name, `by ${who}`);
      assert.equal(seen.attr[`k${who}`], who);
    }
  }
});

scene('issue 2: an edit and a recall by a modern generation are one history for all', on, async (stage) => {
  const { clients, places, cid } = await everybody(stage);
  const [first, second] = [await places[3].send('to be edited'), await places[2].send('to be recalled')];
  for (const client of clients) if (client !== clients[2]) await client.get('message', { id: second.id });
  await places[3].edit(first, 'edited');
  await places[2].recall(second);
  for (const client of [clients[1], clients[2]]) await client.get('edited', { id: first.id });
  for (const client of [clients[1], clients[3]]) await client.get('recalled', { id: second.id });
  for (const [who, place] of places.entries()) {
    const [one, two] = await place.history();
    assert.deepEqual([one.id, one.text, two.id], [first.id, 'edited', second.id]);
    if (who > 0) assert.ok(two.recalled);
    else assert.equal(two.content._lctype, -127);
  }
  assert.equal(clients[0].list('message', { cid }).length, 2);
});

scene('issue 2: one id on a device of each generation: all in step', on, async (stage) => {
  const first = await stage.client('tom', { sdk: ALL[0] });
  const devices = [first, ...await Promise.all(ALL.slice(1).map((sdk) => stage.client('tom', { sdk, id: first.id })))];
  const bob = await stage.client('bob');
  const made = await bob.create({ members: [first.id] });
  const sent = await made.send('to every device');
  for (const device of devices) await device.get('message', { id: sent.id });
  for (const device of devices) {
    const said = await (await device.conversation(made.id)).send(`from ${device.owner}`);
    for (const other of [...devices, bob]) if (other !== device) await other.get('message', { id: said.id });
  }
});

scene('issue 2: removed while sending: what was accepted is there for all, the rest is refused', on, async (stage) => {
  const { clients, places } = await everybody(stage);
  const [owner, ...others] = [places[3], places[0], places[1], places[2]];
  const accepted = [];
  const refused = [];
  const talks = others.map(async (place, who) => {
    for (let index = 0; refused.filter((entry) => entry.who === who).length === 0; index += 1) {
      try {
        accepted.push((await place.send(`${who}/${index}`)).id);
      } catch (error) {
        refused.push({ who, code: error.code });
      }
    }
  });
  while (accepted.length < 30) await new Promise((next) => { setImmediate(next); });
  await owner.remove(clients.slice(0, 3).map(({ id }) => id));
  await Promise.all(talks);
  assert.deepEqual(refused.map(({ code }) => code), [4401, 4401, 4401]);
  const history = await owner.history({ limit: 1_000 });
  assert.deepEqual(history.map(({ id }) => id).sort(), accepted.sort());
  await fence(clients[0], clients[3]);
  assert.deepEqual(clients[3].list('message', ({ cid }) => cid === owner.id).map(({ id }) => id), history.map(({ id }) => id));
});
