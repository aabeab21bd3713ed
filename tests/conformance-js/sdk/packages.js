// The published packages, as npm installed them.
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * Loads a package's own files anew. Each copy stands for a page or process of its own: 5.0.0-rc.8 allows one Realtime per
 * app and page, 3.5.7 keeps the router's answer in a module variable, 2.4.0 keeps its WebSocket class in one.
 */
export function freshCopy(name) {
  const entry = require.resolve(name);
  const marker = `${sep}node_modules${sep}${name}${sep}`;
  const folder = entry.slice(0, entry.lastIndexOf(marker) + marker.length) || dirname(entry);
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(folder) && !file.slice(folder.length).includes('node_modules')) delete require.cache[file];
  }
  return require(name);
}

export const typedMessagesPlugin = require('leancloud-realtime-plugin-typed-messages');
/** For its file and place classes only: it wants to be told of an app, and is never asked to reach one. */
export const storage = require('leancloud-storage');
storage.init({ appId: 'unused', appKey: 'unused', serverURL: 'http://127.0.0.1' });
