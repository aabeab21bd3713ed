// The hosts file of this process. SDKs older than 4 know only LeanCloud's own host names; here those names lead to a line.
// The packages stay as published: only where a name points to is changed, as an operator does it in DNS.
import { Socket } from 'node:net';

const places = new Map();

/** From now on connections to `host` go to this line. */
export function pointTo(host, line) {
  places.set(host, line.port);
}

const connect = Socket.prototype.connect;
Socket.prototype.connect = function connectByName(...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = places.get(options?.host);
  if (port !== undefined) Object.assign(options, { host: '127.0.0.1', port });
  return connect.apply(this, args);
};
