// From which web pages an app may be used.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { matrix, name, refusal, scene, v2, v3, v4, v5 } from '../sdk/index.js';

const PAGE = 'https://www.example.com';

let server;
before(async () => {
  const allow = [PAGE, 'http://10.0.0.7:8080'];
  server = await startServer({
    apps: { main: {}, pages: { origins: { allow } }, strict: { origins: { allow, allow_localhost: false } }, changing: { origins: { allow } } },
  });
});
after(() => server.dispose());
const on = { server: () => server };

/** Logs in from a page, whose browser adds the page's origin to everything. */
async function clientOf(stage, origin, options) {
  const line = await stage.line();
  line.origin = origin;
  return stage.client('visitor', { line, app: 'pages', ...options });
}

/** What becomes of a login from a page by a WebSocket alone: 'opened', or the code the connection is closed with. */
async function loginFrom(origin, { app = 'pages', protocol = 'lc.protobuf2.3' } = {}) {
  const client = await RawClient.connect({ socketUrl: server.socketUrl, apps: { only: server.apps[app] } }, { protocol, headers: origin && { origin } });
  try {
    client.send({ cmd: 'session', op: 'open', appId: client.appId, peerId: name('visitor'), i: 1, ...(protocol && { sessionMessage: { ua: 'page' } }) });
    return await Promise.race([client.get('frame', { i: 1 }).then(({ op }) => op), client.get('close').then(({ code }) => code)]);
  } finally {
    client.close();
  }
}

matrix('S-129 B-436: a page of the list logs in and chats', on, async (stage) => {
  const bob = await stage.client('bob', { app: 'pages' });
  const visitor = await clientOf(stage, PAGE);
  const made = await visitor.create({ members: [bob.id] });
  const sent = await made.send('from a page');
  await bob.get('message', { id: sent.id });
});

matrix('S-129 B-436 B-444 W-47: another page is refused, and the SDK says 4110', { ...on, sdks: [v5] }, async (stage) => {
  await assert.rejects(clientOf(stage, 'https://elsewhere.example'), refusal(4110, 'INVALID_ORIGIN'));
});

matrix('S-129 B-436 B-444: another page is refused by the router already, of which these SDKs show no code', { ...on, sdks: [v2, v3, v4] }, async (stage) => {
  await assert.rejects(clientOf(stage, 'https://elsewhere.example'));
});

matrix('B-442: a program that is no browser is not affected', on, async (stage) => {
  const tom = await stage.client('tom', { app: 'strict' });
  assert.deepEqual(await tom.ping([tom.id]), [tom.id]);
});

matrix('B-443: an empty list lets every page in', on, async (stage) => {
  const visitor = await clientOf(stage, 'https://elsewhere.example', { app: 'main' });
  assert.deepEqual(await visitor.ping([visitor.id]), [visitor.id]);
});

matrix('B-439: a page of localhost is let in, on any port', on, async (stage) => {
  const visitor = await clientOf(stage, 'http://localhost:5173');
  assert.deepEqual(await visitor.ping([visitor.id]), [visitor.id]);
});

for (const [protocol, speaks] of [['lc.protobuf2.3', 'binary'], ['lc.proto2base64.3', 'base64'], [undefined, 'the JSON of 2015']]) {
  test(`B-436 B-437 B-438 W-47: protocol, host and port must match, else the first open closes the connection with 4110, in ${speaks}`, async () => {
    for (const origin of [PAGE, `${PAGE}:443`, 'http://10.0.0.7:8080', undefined]) assert.equal(await loginFrom(origin, { protocol }), 'opened', origin);
    for (const origin of ['http://www.example.com', 'https://example.com', 'https://a.www.example.com', `${PAGE}:8443`, 'http://10.0.0.7', 'null']) {
      assert.equal(await loginFrom(origin, { protocol }), 4110, origin);
    }
  });
}

test('B-439: origins.allow_localhost = false keeps pages of localhost out', async () => {
  assert.equal(await loginFrom('http://localhost:5173'), 'opened');
  assert.equal(await loginFrom('http://localhost:5173', { app: 'strict' }), 4110);
});

test('B-444: the same list governs what a page asks over HTTP', async () => {
  const { id } = server.apps.pages;
  const ask = (origin) => fetch(`${server.url}/v1/route?appId=${id}`, { headers: { origin } });
  const good = await ask(PAGE);
  assert.deepEqual([good.status, good.headers.get('access-control-allow-origin')], [200, PAGE]);
  const bad = await ask('https://elsewhere.example');
  assert.deepEqual([bad.status, (await bad.json()).code], [403, 4110]);
});

scene('S-130 B-440 B-441: a changed list counts without a restart, and cuts nobody who is connected', on, async (stage) => {
  const visitor = await clientOf(stage, PAGE, { app: 'changing', sdk: v5 });
  await server.change('changing', { origins: { allow: ['https://moved.example'] } });
  let outcome;
  do { outcome = await loginFrom(PAGE, { app: 'changing' }); } while (outcome === 'opened');
  assert.equal(outcome, 4110);
  assert.equal(await loginFrom('https://moved.example', { app: 'changing' }), 'opened');
  assert.deepEqual(await visitor.ping([visitor.id]), [visitor.id]);
  assert.deepEqual(visitor.list('disconnect'), []);
});
