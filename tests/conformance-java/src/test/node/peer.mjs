// A client of the published JavaScript SDK that another process leads: commands come and answers and events go as lines of JSON.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(resolve('../conformance-js/package.json'));
const { Event, Realtime, TextMessage } = require('leancloud-realtime');

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let client;

const verbs = {
  async open({ server, appId, appKey, id }) {
    const realtime = new Realtime({ appId, appKey, server, ssl: false });
    client = await realtime.createIMClient(id);
    client.on(Event.MESSAGE, (message, { id: cid }) => say({
      event: 'message', cid, id: message.id, from: message.from, at: Number(message.timestamp), text: message.text, type: message.type, attributes: message.attributes,
    }));
    client.on(Event.MESSAGE_UPDATE, (message, { id: cid }) => say({ event: 'update', cid, id: message.id, text: message.text }));
    client.on(Event.MESSAGE_RECALL, (message, { id: cid }) => say({ event: 'recall', cid, id: message.id }));
    client.on(Event.INVITED, ({ invitedBy }, { id: cid }) => say({ event: 'invited', cid, by: invitedBy }));
  },
  async create({ members, name }) {
    const made = await client.createConversation({ members, name, unique: false });
    return { cid: made.id };
  },
  async send({ cid, text, attributes }) {
    const message = new TextMessage(text).setAttributes(attributes);
    await (await client.getConversation(cid)).send(message);
    return { id: message.id, at: Number(message.timestamp) };
  },
  async history({ cid }) {
    const found = await (await client.getConversation(cid)).queryMessages({ limit: 100 });
    return { texts: found.map((message) => message.text ?? null) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...given } = JSON.parse(line);
  try {
    say({ answer: (await verbs[verb](given)) ?? {} });
  } catch (error) {
    say({ failure: String(error) });
  }
}
process.exit(0);
