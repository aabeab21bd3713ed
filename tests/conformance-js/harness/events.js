// Waiting for things to happen, never for time to pass.

/** How long a test waits for something that must happen before it fails. */
export const PATIENCE = 10_000;

/** Resolves with the value, or fails with `what` in words once `within` milliseconds are over. */
export function deadline(promise, what, within = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${within} ms`)), within);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A moment for something that may never answer, where nothing depends on it. */
export function grace(ms = 500) {
  return new Promise((done) => { setTimeout(done, ms).unref(); });
}

/** The first `event` of an emitter, with its arguments as a list. */
export function once(emitter, event, { within = PATIENCE } = {}) {
  return deadline(new Promise((resolve) => emitter.once(event, (...args) => resolve(args))), `event ${event}`, within);
}

function matches(item, wanted) {
  if (typeof wanted === 'function') return wanted(item);
  return Object.entries(wanted).every(([key, value]) => item[key] === value);
}

/**
 * Everything one client was told, in order. Tests ask for the first entry that fits, whether it is there
 * already or still to come, so that no test depends on who is faster.
 */
export class Mailbox {
  #waiting = new Set();

  constructor(owner) {
    this.owner = owner;
    this.all = [];
  }

  put(kind, item = {}) {
    // The SDK's own object goes along, but not into what a failed test prints.
    const entry = Object.defineProperty({ kind, ...item }, 'sdk', { value: item.sdk });
    this.all.push(entry);
    for (const waiter of [...this.#waiting]) waiter();
  }

  /** Position to give as `after`: only what comes from now on counts. */
  mark() {
    return this.all.length;
  }

  /** Entries of one kind that fit, so far. */
  list(kind, wanted = {}, { after = 0 } = {}) {
    return this.all.slice(after).filter((item) => item.kind === kind && matches(item, wanted));
  }

  /** The first entry of a kind that fits. */
  async get(kind, wanted = {}, options = {}) {
    return (await this.count(kind, wanted, 1, options))[0];
  }

  /** The first `n` entries of a kind that fit. */
  async count(kind, wanted, n, { after = 0, within = PATIENCE } = {}) {
    const found = () => this.list(kind, wanted, { after });
    if (found().length >= n) return found().slice(0, n);
    let waiter;
    const arrived = new Promise((resolve) => {
      waiter = () => found().length >= n && resolve(found().slice(0, n));
      this.#waiting.add(waiter);
    });
    const what = () => `${this.owner}: ${n} × ${kind} ${typeof wanted === 'function' ? wanted : JSON.stringify(wanted)}`;
    try {
      return await deadline(arrived, what(), within);
    } catch (error) {
      const seen = this.all.slice(after).map((item) => JSON.stringify(item));
      error.message += `; ${found().length} came, among:\n  ${seen.slice(-20).join('\n  ') || 'nothing'}`;
      throw error;
    } finally {
      this.#waiting.delete(waiter);
    }
  }
}
