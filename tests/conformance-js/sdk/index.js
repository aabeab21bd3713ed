// The matrix: which generations there are, and tests that run once for each that has a feature.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { v2 } from './legacy.js';
import { v3, v4, v5 } from './modern.js';

export { v2, v3, v4, v5 };
export const ALL = [v2, v3, v4, v5];

/** The generations that can do all of `features`. */
export function having(...features) {
  return ALL.filter((sdk) => features.every((feature) => sdk.can.has(feature)));
}

const run = randomBytes(3).toString('hex');
let people = 0;

/** A client id nobody else uses. */
export function name(base) {
  people += 1;
  return `${base}-${run}-${people}`;
}

/** What one test needs of the world: it opens clients and closes them when the test is over. */
class Stage {
  #open = [];

  constructor(server, sdk) {
    Object.assign(this, { server, sdk });
  }

  /** Logs in a client called `base`-something, with the SDK under test or with another. */
  async client(base, { sdk = this.sdk, id = name(base), ...options } = {}) {
    const client = await sdk.open(this.server, id, options);
    this.#open.push(client);
    return client;
  }

  /** Several at once, each on a connection of its own. */
  clients(...bases) {
    return Promise.all(bases.map((base) => this.client(base)));
  }

  line() {
    return this.server.line();
  }

  async clear() {
    await Promise.all(this.#open.map((client) => client.dispose()));
  }
}

/** For `assert.rejects`: the refusal of this code, with the protocol's name for it where each generation shows that. */
export function refusal(code, called) {
  return (error) => {
    assert.equal(error.code, code, `${error.stack}`);
    // 2.4.0 hands over the server's reason, 3.5.7 makes it the message, the later ones make it the name.
    const shown = [error.reason, error.message, error.name];
    assert.ok(shown.includes(called), `${called} is not among ${shown}`);
    return true;
  };
}

/**
 * One test for each of `sdks`. `server` is a function, as the server starts after the tests are declared.
 * The title begins with the numbers of the specification that the test proves.
 */
export function matrix(title, { sdks = ALL, server, ...options }, body) {
  for (const sdk of sdks) {
    test(`${title} [${sdk.name}]`, { timeout: 60_000, ...options }, async () => {
      const stage = new Stage(server(), sdk);
      try {
        await body(stage, sdk);
      } finally {
        await stage.clear();
      }
    });
  }
}

/** A test that brings its own generations together. */
export function scene(title, { server, ...options }, body) {
  test(title, { timeout: 60_000, ...options }, async () => {
    const stage = new Stage(server(), v5);
    try {
      await body(stage);
    } finally {
      await stage.clear();
    }
  });
}
