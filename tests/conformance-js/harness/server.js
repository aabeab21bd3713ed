// One yanshu server as an operator runs it: a configuration file, a data folder, a process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { deadline } from './events.js';
import { openLine } from './line.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const binary = resolve(root, process.env.YANSHU_BIN ?? 'target/debug/yanshu');

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** Rate limits have tests of their own; everywhere else they would only be in the way. */
const UNLIMITED = { messages_per_minute: 0, history_per_minute: 0, others_per_minute: 0 };

const toToml = (value) => (typeof value === 'object' && !Array.isArray(value)
  ? `{ ${Object.entries(value).map(([key, inner]) => `${key} = ${toToml(inner)}`).join(', ')} }`
  : JSON.stringify(value));

/** An app of the configuration file; `settings` are its tables, named as in the behaviour specification. */
function makeApp(settings) {
  return { id: `conform-${randomBytes(8).toString('hex')}`, key: randomBytes(12).toString('hex'), masterKey: randomBytes(12).toString('hex'), settings };
}

function toFile({ port, dataDir, apps, tables }) {
  const lines = [`listen = "127.0.0.1:${port}"`, `data_dir = ${toToml(dataDir)}`];
  for (const [table, values] of Object.entries(tables)) lines.push(`${table} = ${toToml(values)}`);
  for (const app of apps) {
    lines.push('', '[[apps]]', `id = "${app.id}"`, `key = "${app.key}"`, `master_key = "${app.masterKey}"`);
    for (const [table, values] of Object.entries(app.settings)) {
      lines.push(`[apps.${table}]`);
      for (const [key, value] of Object.entries(values)) lines.push(`${key} = ${toToml(value)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

class Server {
  #process;
  #exited;
  #lines = new Set();
  log = '';

  constructor(folder, port, apps, tables) {
    Object.assign(this, { folder, port, apps, tables });
    this.url = `http://127.0.0.1:${port}`;
    this.socketUrl = `ws://127.0.0.1:${port}`;
  }

  async #configure() {
    const file = join(this.folder, 'yanshu.toml');
    await writeFile(file, toFile({ port: this.port, dataDir: join(this.folder, 'data'), apps: Object.values(this.apps), tables: this.tables }));
    return file;
  }

  async start() {
    const file = await this.#configure();
    this.#process = spawn(binary, ['serve', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.log = (this.log + text).slice(-20_000); });
    }
    this.#exited = new Promise((done) => {
      this.#process.once('exit', (code, signal) => done({ code, signal }));
      this.#process.once('error', (error) => done({ code: -1, error }));
    });
    await deadline(this.#ready(), `start of ${binary}`, 30_000);
    return this;
  }

  async #ready() {
    let gone;
    this.#exited.then((how) => { gone = how; });
    for (;;) {
      assert.ok(!gone, `the server ended at once (${JSON.stringify(gone)}):\n${this.log}`);
      const answer = await fetch(`${this.url}/health`).catch(() => null);
      if (answer?.status === 200) return;
      await new Promise((next) => setTimeout(next, 20));
    }
  }

  /** Changes settings of an app while the server runs, as an operator does: in the file, and SIGHUP says that it is new. */
  async change(app, settings) {
    Object.assign(this.apps[app].settings, settings);
    await this.#configure();
    this.#process.kill('SIGHUP');
  }

  /** SIGTERM, as a service manager stops it; resolves with how it ended. */
  async stop() {
    this.#process.kill('SIGTERM');
    return deadline(this.#exited, 'graceful stop', 30_000);
  }

  /** kill -9. */
  async kill() {
    this.#process.kill('SIGKILL');
    return deadline(this.#exited, 'death');
  }

  async restart() {
    await this.stop();
    return this.start();
  }

  /**
   * A call of the REST interface as an app's own server makes it, with the master key; resolves with the answer's body.
   * A refusal is an error with the answer's `status` and the protocol's `code`.
   */
  async rest(method, path, body, { app = 'main', headers } = {}) {
    const { id, masterKey } = this.apps[app];
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'X-LC-Id': id, 'X-LC-Key': `${masterKey},master`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text);
    const { code, error } = JSON.parse(text || '{}');
    throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${text}`), { status: answer.status, code, reason: error });
  }

  /** A way to this server that a test can cut, pause or close; one for each client that needs it. */
  async line() {
    const line = await openLine(this);
    this.#lines.add(line);
    return line;
  }

  async dispose() {
    await Promise.all([...this.#lines].map((line) => line.dispose()));
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Starts a server. `apps` gives each app's settings by a name of the test's choice; without it there is one app, `main`.
 * Everything else is a table of the configuration file, such as `session: { login_timeout: '1s' }`.
 */
export async function startServer({ apps = { main: {} }, ...tables } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'yanshu-conformance-'));
  const made = Object.fromEntries(Object.entries(apps).map(([name, settings]) => [name, makeApp({ limits: UNLIMITED, ...settings })]));
  return new Server(folder, await freePort(), made, tables).start();
}
