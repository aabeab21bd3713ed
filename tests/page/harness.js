// A server on its first start, and a browser.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = resolve(root, process.env.YANSHU_BIN ?? 'target/debug/yanshu');

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** Starts `yanshu serve` without a configuration file; resolves when it is ready. */
export async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'yanshu-page-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = ['serve', '--listen', new URL(url).host, '--data-dir', join(folder, 'data')];
  let output = '';
  let child;
  let exited;
  const start = async () => {
    child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    exited = new Promise((done) => { child.once('exit', (code) => done(code)); });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { output += text; });
    }
    for (let tries = 0; tries < 500; tries += 1) {
      if (child.exitCode !== null) break;
      if ((await fetch(`${url}/health`).catch(() => null))?.status === 200) return;
      await new Promise((next) => setTimeout(next, 20));
    }
    throw new Error(`the server did not start:\n${output}`);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    return exited;
  };
  await start();
  return {
    url,
    start,
    stop,
    output: () => output,
    dispose: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function startBrowser() {
  const names = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = process.env.CHROMIUM ?? names.find((name) => existsSync(name));
  // Containers have neither the right for Chromium's own sandbox nor much shared memory.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
