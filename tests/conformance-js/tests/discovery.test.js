// How each generation finds the server: the router's endpoints, with and without TLS in front.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer } from '../harness/server.js';
import { matrix, v2, v3, v4, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());

/** Asks as a client does that knows the server under `host`, behind TLS or not. */
function ask(path, { method = 'GET', host, proto, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = { ...headers, ...(host && { host }), ...(proto && { 'x-forwarded-proto': proto }) };
    const asked = request({ host: '127.0.0.1', port: server.port, path, method, headers: sent }, async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const isJson = /json/.test(answer.headers['content-type'] ?? '');
      resolve({ status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text });
    });
    asked.on('error', reject);
    asked.end();
  });
}

const appId = () => server.apps.main.id;

test('W-1 W-2 W-3 W-4 R-31: the route names two complete addresses, a lifetime, a group and its address', async () => {
  const { status, body } = await ask(`/v1/route?appId=${appId()}`, { host: 'im.example.com:8443' });
  assert.equal(status, 200);
  assert.match(body.server, /^ws:\/\/im\.example\.com:8443(\/|$)/);
  assert.match(body.secondary, /^ws:\/\/im\.example\.com:8443(\/|$)/);
  assert.ok(Number.isInteger(body.ttl) && body.ttl > 0, `ttl is ${body.ttl}`);
  assert.equal(typeof body.groupId, 'string');
  assert.equal(typeof body.groupUrl, 'string');
});

for (const [secure, scheme] of [['1', 'wss'], ['true', 'wss'], ['false', 'ws'], ['0', 'ws'], [undefined, 'ws']]) {
  test(`W-6 B-414 S-22: secure=${secure} is answered with ${scheme} addresses`, async () => {
    const query = secure === undefined ? '' : `&secure=${secure}`;
    const { body } = await ask(`/v1/route?appId=${appId()}${query}`, { host: 'im.example.com', proto: 'https' });
    assert.equal(new URL(body.server).protocol, `${scheme}:`);
    assert.equal(new URL(body.secondary).protocol, `${scheme}:`);
  });
}

test('W-8 W-9: features, cache busters and parameters nobody knows change nothing', async () => {
  const plain = await ask(`/v1/route?appId=${appId()}&secure=1`);
  const crowded = await ask(`/v1/route?appId=${appId()}&secure=1&features=wechat&_t=1700000000000&server=s&debug=1&other=%F0%9F%98%80`);
  assert.equal(crowded.status, 200);
  assert.deepEqual(crowded.body, plain.body);
});

test('W-10 B-11: an unknown app is told so with 404 and 4100', async () => {
  const { status, body } = await ask('/v1/route?appId=nobody-knows-this-app&secure=1');
  assert.equal(status, 404);
  assert.equal(body.code, 4100);
  assert.equal(body.error, 'APP_NOT_AVAILABLE');
});

test('S-20 W-11: pages of any origin may ask', async () => {
  const { headers } = await ask(`/v1/route?appId=${appId()}`, { headers: { origin: 'https://page.example.com' } });
  assert.ok(['*', 'https://page.example.com'].includes(headers['access-control-allow-origin']));
});

test('W-14 R-28 R-30: the second app router names one bare host for everything', async () => {
  const { status, body } = await ask(`/2/route?appId=${appId()}`, { host: 'im.example.com:8443' });
  assert.equal(status, 200);
  assert.ok(Number.isInteger(body.ttl) && body.ttl > 0);
  for (const field of ['api_server', 'engine_server', 'push_server', 'rtm_router_server', 'stats_server']) {
    assert.equal(body[field], 'im.example.com:8443', field);
  }
});

test('W-14 R-29: the first app router names the push router', async () => {
  const { status, body } = await ask(`/1/route?appId=${appId()}`, { host: 'app-router.leancloud.cn' });
  assert.equal(status, 200);
  assert.equal(body.push_router_server, 'app-router.leancloud.cn');
  assert.equal(body.api_server, 'app-router.leancloud.cn');
  assert.ok(Number.isInteger(body.ttl) && body.ttl > 0);
});

test('issue 1: /health answers 200 once the server is ready', async () => {
  assert.equal((await ask('/health')).status, 200);
});

const QUESTIONS = new Map([
  [v2, [/^GET \/v1\/route\?_t=\d+&appId=[^&]+&secure=1$/, /^WSS? /]],
  [v3, [/^GET \/1\/route\?appId=/, /^GET \/v1\/route\?appId=[^&]+&secure=true&_t=/, /^WSS /]],
  [v4, [/^GET \/v1\/route\?appId=[^&]+&secure=true&_t=/, /^WSS /]],
  [v5, [/^GET \/v1\/route\?appId=[^&]+&secure=true&_t=/, /^WSS /]],
]);

matrix('R-32 W-5 W-13 S-22: the SDK finds the server behind TLS by its own questions', { server: () => server }, async (stage, sdk) => {
  const line = await stage.line();
  const client = await stage.client('tom', { line });
  assert.deepEqual(await client.ping([client.id]), [client.id]);
  for (const [index, question] of QUESTIONS.get(sdk).entries()) assert.match(line.seen[index], question);
});

matrix('S-22 B-414: an SDK told not to use TLS connects in the clear', { server: () => server, sdks: [v2, v5] }, async (stage, sdk) => {
  const line = await stage.line();
  const options = sdk === v2
    ? { line, secure: false }
    : { line, realtime: { server: `http://127.0.0.1:${line.port}`, ssl: false } };
  const client = await stage.client('tom', options);
  assert.deepEqual(await client.ping([client.id]), [client.id]);
  assert.ok(line.seen.every((question) => !/secure=(1|true)|^WSS/.test(question)));
});

matrix('W-13 R-32: an SDK given the WebSocket address itself connects without a router', { server: () => server, sdks: [v4, v5] }, async (stage) => {
  const line = await stage.line();
  const client = await stage.client('tom', { line, realtime: { RTMServers: server.socketUrl } });
  assert.deepEqual(await client.ping([client.id]), [client.id]);
  assert.deepEqual(line.seen, []);
});
