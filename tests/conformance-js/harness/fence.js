// Proving that something did not happen without waiting for it: let something later happen, and look.

const ways = new WeakMap();

/**
 * Sends a message from one client to another in a conversation of their own and waits until it is there. What was on its way
 * to the receiver before has then arrived. Call it once early if the conversation's own creation must not be among what is seen.
 */
export async function fence(from, to) {
  const known = ways.get(from) ?? new Map();
  ways.set(from, known);
  if (!known.has(to)) known.set(to, await from.create({ members: [to.id], name: 'fence' }));
  const sent = await known.get(to).send(`fence ${Math.random()}`);
  await to.get('message', { id: sent.id });
}
