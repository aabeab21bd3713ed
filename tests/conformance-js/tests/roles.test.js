// Owner, manager, member: who may do what to whom.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { fence } from '../harness/fence.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, refusal, scene, v2, v3, v4, v5 } from '../sdk/index.js';

let server;
before(async () => {
  const members = { roles: true };
  server = await startServer({
    apps: {
      main: {},
      ruled: { members },
      inviting: { members: { ...members, member_may_add: true } },
      few: { members: { ...members, max_managers: 1 } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server, sdks: having('roles') };

const sorted = (...ids) => ids.flat().sort();
const TOO_LOW = refusal(4320, 'CONVERSATION_OPERATION_UNAUTHORIZED');
const NEEDS_OWNER = refusal(4324, 'CONVERSATION_NEED_OWNER');
const listed = (failures) => failures.map(({ code, clientIds }) => [code, clientIds.slice().sort()]);

/** A conversation in which tom is the owner, max a manager, bob a plain member; what each of them has in hand. */
async function hierarchy(stage, app = 'ruled') {
  const [tom, max, bob] = await Promise.all(['tom', 'max', 'bob'].map((who) => stage.client(who, { app })));
  const made = await tom.create({ members: [max.id, bob.id] });
  const [ofMax, ofBob] = [await max.conversation(made.id), await bob.conversation(made.id)];
  await made.setRole(max.id, 'Manager');
  await max.get('role', { cid: made.id, member: max.id });
  return { tom, max, bob, made, ofMax, ofBob };
}

matrix('B-116 B-123 W-388 W-389 R-40 R-41: who made it is the owner, others are members; every member can read all roles', on, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app: 'ruled' })));
  const made = await tom.create({ members: [bob.id, 'eve'] });
  const there = await bob.conversation(made.id);
  assert.deepEqual(await there.roles(), { [tom.id]: 'Owner', [bob.id]: 'Member', eve: 'Member' });
  await made.setRole('eve', 'Manager');
  assert.deepEqual(await there.roles(), { [tom.id]: 'Owner', [bob.id]: 'Member', eve: 'Manager' });
  await made.remove(['eve']);
  await made.add(['eve']);
  assert.equal((await made.roles()).eve, 'Member');
});

matrix('B-119 B-122 W-236 W-237 W-238: a change of role is told to all, the one who made it included', on, async (stage) => {
  const [tom, max, bob] = await Promise.all(['tom', 'max', 'bob'].map((who) => stage.client(who, { app: 'ruled' })));
  const made = await tom.create({ members: [max.id, bob.id] });
  for (const role of ['Manager', 'Member']) {
    await made.setRole(max.id, role);
    for (const client of [tom, max, bob]) {
      const told = await client.get('role', { cid: made.id, role });
      assert.deepEqual([told.member, told.by], [max.id, tom.id]);
    }
    assert.equal((await made.roles())[max.id], role);
  }
});

matrix('B-117 B-118 W-239 W-240: a plain member may do nothing to others: 4320, and nothing is changed', on, async (stage) => {
  const { tom, max, bob, made, ofBob } = await hierarchy(stage);
  await assert.rejects(ofBob.add([name('friend')]), TOO_LOW);
  await assert.rejects(ofBob.remove([max.id]), TOO_LOW);
  await assert.rejects(ofBob.silence([max.id]), TOO_LOW);
  await assert.rejects(ofBob.release([max.id]), TOO_LOW);
  await assert.rejects(ofBob.block([max.id]), TOO_LOW);
  await assert.rejects(ofBob.unblock([max.id]), TOO_LOW);
  await assert.rejects(ofBob.setRole(bob.id, 'Manager'), TOO_LOW);
  await assert.rejects(ofBob.setRole(max.id, 'Member'), TOO_LOW);
  assert.deepEqual(await made.roles(), { [tom.id]: 'Owner', [max.id]: 'Manager', [bob.id]: 'Member' });
  await ofBob.send('but I may speak');
  assert.deepEqual([(await ofBob.silenced()).results, (await ofBob.blocked()).results], [[], []]);
});

matrix('B-117 W-239: owner and manager may add, remove, silence, block and change roles', on, async (stage) => {
  const { tom, bob, made, ofMax } = await hierarchy(stage);
  for (const place of [made, ofMax]) {
    const friend = name('friend');
    assert.deepEqual((await place.add([friend])).successfulClientIds, [friend]);
    assert.deepEqual((await place.silence([friend])).successfulClientIds, [friend]);
    assert.deepEqual((await place.release([friend])).successfulClientIds, [friend]);
    await place.setRole(friend, 'Manager');
    // Only the owner is above a manager.
    await made.setRole(friend, 'Member');
    assert.deepEqual((await place.remove([friend])).successfulClientIds, [friend]);
    assert.deepEqual((await place.block([friend])).successfulClientIds, [friend]);
    assert.deepEqual((await place.unblock([friend])).successfulClientIds, [friend]);
  }
  assert.equal((await tom.conversation(made.id)).members.length, 3);
  await bob.get('membersblocked', { cid: made.id, by: tom.id });
});

matrix('B-119 W-239 W-461: a manager has no power over the owner and other managers', on, async (stage) => {
  const { tom, max, bob, made, ofMax } = await hierarchy(stage);
  await made.setRole(bob.id, 'Manager');
  await assert.rejects(ofMax.setRole(bob.id, 'Member'), TOO_LOW);
  const friend = name('friend');
  await made.add([friend]);
  const { successfulClientIds, failures } = await ofMax.remove([tom.id, bob.id, friend]);
  assert.deepEqual(successfulClientIds, [friend]);
  assert.deepEqual(listed(failures).sort(), [[4320, [bob.id]], [4324, [tom.id]]]);
  assert.deepEqual(listed((await ofMax.silence([bob.id])).failures), [[4320, [bob.id]]]);
  assert.deepEqual(listed((await ofMax.block([bob.id])).failures), [[4320, [bob.id]]]);
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, max.id, bob.id));
});

matrix('B-120 W-241: the owner cannot leave and is not removed: 4324', on, async (stage) => {
  const { tom, max, bob, made } = await hierarchy(stage);
  await assert.rejects(made.leave(), NEEDS_OWNER);
  const { successfulClientIds, failures } = await made.remove([tom.id, bob.id]);
  assert.deepEqual([successfulClientIds, listed(failures)], [[bob.id], [[4324, [tom.id]]]]);
  NEEDS_OWNER(failures[0]);
  assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, max.id));
});

matrix('B-120 W-242: nobody is made owner: the SDK itself says 5130', on, async (stage) => {
  const { max, made } = await hierarchy(stage);
  await assert.rejects(made.setRole(max.id, 'Owner'), refusal(5130, 'OWNER_PROMOTION_NOT_ALLOWED'));
});

matrix('B-121 W-242: a role that does not exist is refused with 4321', on, async (stage) => {
  const { max, made } = await hierarchy(stage);
  await assert.rejects(made.setRole(max.id, 'King'), refusal(4321, 'UNKNOWN_CONVERSATION_ROLE'));
});

matrix('W-242: members.max_managers: one more is refused with 4322', on, async (stage) => {
  const { max, bob, made } = await hierarchy(stage, 'few');
  await assert.rejects(made.setRole(bob.id, 'Manager'), refusal(4322, 'CONVERSATION_MEMBER_IN_ROLE_FULL'));
  await made.setRole(max.id, 'Member');
  await made.setRole(bob.id, 'Manager');
});

matrix('B-124 W-243: while roles are off a change of role is refused with 4325, and members do as they like', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id, 'eve'] });
  await assert.rejects(made.setRole(bob.id, 'Manager'), refusal(4325, 'CONVERSATION_MEMBER_INFO_FEATURE_DISABLED'));
  await (await bob.conversation(made.id)).remove(['eve']);
  await made.leave();
});

matrix('B-117 W-240: members.member_may_add lets plain members add, and no more', on, async (stage) => {
  const { bob, ofBob } = await hierarchy(stage, 'inviting');
  const friend = name('friend');
  assert.deepEqual((await ofBob.add([friend])).successfulClientIds, [friend]);
  await assert.rejects(ofBob.remove([friend]), TOO_LOW);
  assert.ok((await bob.conversation(ofBob.id)).members.includes(friend));
});

matrix('W-239: with roles on, anyone still joins and leaves by itself', { server: () => server }, async (stage, sdk) => {
  const tom = await stage.client('tom', { app: 'ruled', sdk: v5 });
  const bob = await stage.client('bob', { app: 'ruled', sdk });
  const made = await tom.create({ members: [] });
  const there = await bob.conversation(made.id);
  await there.join();
  await tom.get('membersjoined', ({ cid, members }) => cid === made.id && members.includes(bob.id));
  await there.leave();
  await tom.get('membersleft', { cid: made.id });
});

for (const old of [v2, v3]) {
  scene(`B-118 B-120 W-104 W-241: the same refusals for an SDK that knows no roles, each of the whole call [${old.name}]`, { server: () => server }, async (stage) => {
    const [tom, bob] = [await stage.client('tom', { app: 'ruled', sdk: old }), await stage.client('bob', { app: 'ruled', sdk: old })];
    const made = await tom.create({ members: [bob.id, 'eve'] });
    const there = await bob.conversation(made.id);
    await assert.rejects(there.remove(['eve']), TOO_LOW);
    await assert.rejects(there.add([name('friend')]), TOO_LOW);
    await assert.rejects(made.leave(), NEEDS_OWNER);
    await assert.rejects(made.remove([tom.id, 'eve']), NEEDS_OWNER);
    assert.deepEqual(sorted((await tom.conversation(made.id)).members), sorted(tom.id, bob.id, 'eve'));
  });

  scene(`B-122: a change of role does not disturb an SDK that knows none [${old.name}]`, { server: () => server }, async (stage) => {
    const [tom, bob] = [await stage.client('tom', { app: 'ruled', sdk: v5 }), await stage.client('bob', { app: 'ruled', sdk: old })];
    const made = await tom.create({ members: [bob.id, 'eve'] });
    await made.setRole(bob.id, 'Manager');
    const there = await bob.conversation(made.id);
    await there.remove(['eve']);
    await fence(tom, bob);
    assert.deepEqual([...bob.list('disconnect'), ...bob.list('error')], []);
  });
}

matrix('B-125 R-113 W-260: the app gives a role: it is told as if the owner had done it', on, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app: 'ruled' })));
  const made = await tom.create({ members: [bob.id] });
  await bob.conversation(made.id);
  await server.rest('POST', `/1.2/rtm/conversations/${made.id}/member-infos`, { clientId: bob.id, role: 'Manager' }, { app: 'ruled' });
  const told = await bob.get('role', { cid: made.id, member: bob.id });
  assert.deepEqual([told.role, told.by], ['Manager', tom.id]);
  assert.deepEqual(await made.roles(), { [tom.id]: 'Owner', [bob.id]: 'Manager' });
});

scene('B-122: roles given by one generation are seen by the other', { server: () => server }, async (stage) => {
  const [tom, bob] = [await stage.client('tom', { app: 'ruled', sdk: v4 }), await stage.client('bob', { app: 'ruled', sdk: v5 })];
  const made = await tom.create({ members: [bob.id] });
  const there = await bob.conversation(made.id);
  await made.setRole(bob.id, 'Manager');
  await bob.get('role', { cid: made.id, role: 'Manager', by: tom.id });
  await tom.get('role', { cid: made.id, role: 'Manager', by: tom.id });
  assert.deepEqual(await there.roles(), await made.roles());
});
