// The way between one client and the server: a reverse proxy that ends TLS, as an operator puts one in front, and that a
// test can cut, freeze and close. One port takes plain and TLS connections; the server learns which by X-Forwarded-Proto.
import { readFileSync } from 'node:fs';
import { createServer as createHttp, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { TLSSocket } from 'node:tls';

import { grace } from './events.js';

let certificate;
function ownCertificate() {
  certificate ??= { cert: readFileSync(process.env.CONFORMANCE_CERT), key: readFileSync(process.env.CONFORMANCE_KEY) };
  return certificate;
}

const TLS_HANDSHAKE = 0x16;
let count = 0;

/** One WebSocket connection that passes through: the client's socket, the server's, and which way bytes are let through. */
class Passage {
  up = true;
  down = true;

  constructor(client, server) {
    Object.assign(this, { client, server });
    this.#relay(client, server, () => this.up);
    this.#relay(server, client, () => this.down);
  }

  #relay(source, sink, isOpen) {
    source.on('data', (chunk) => {
      if (!isOpen() || sink.write(chunk)) return;
      source.pause();
      sink.once('drain', () => source.resume());
    });
    source.on('end', () => isOpen() && sink.end());
    source.on('close', () => isOpen() && sink.destroy());
  }
}

class Line {
  #listener;
  #sockets = new Set();
  #passages = new Set();
  #closed = false;

  constructor(target, name) {
    Object.assign(this, { target, name });
    this.host = `${name}.leancloud.cn`;
    /** What a browser would add to everything a page asks; Node adds nothing. */
    this.origin = undefined;
    /** Requests and upgrades seen: `GET /path`, `WSS /path`. */
    this.seen = [];
  }

  async open() {
    const http = createHttp((from, to) => this.#forward(from, to));
    http.on('upgrade', (from, socket, head) => this.#upgrade(from, socket, head));
    this.#listener = createServer((socket) => {
      this.#keep(socket);
      if (this.#closed) return socket.destroy();
      return socket.once('data', (first) => {
        socket.pause();
        socket.unshift(first);
        if (first[0] === TLS_HANDSHAKE) return http.emit('connection', this.#decrypt(socket));
        http.emit('connection', socket);
        return socket.resume();
      });
    });
    await new Promise((done) => this.#listener.listen(0, '127.0.0.1', done));
    this.port = this.#listener.address().port;
    return this;
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #decrypt(socket) {
    const inner = new TLSSocket(socket, { isServer: true, ...ownCertificate() });
    inner.on('error', () => socket.destroy());
    inner.forwardedProto = 'https';
    return inner;
  }

  #headers(from) {
    // A question to LeanCloud's own router is passed on under this line's name, so that what follows comes here too.
    const host = /^(app-)?router[-.]/.test(from.headers.host) ? this.host : from.headers.host;
    return { ...from.headers, host, ...(this.origin && { origin: this.origin }), 'x-forwarded-proto': from.socket.forwardedProto ?? 'http' };
  }

  #forward(from, to) {
    this.seen.push(`${from.method} ${from.url}`);
    const options = { host: '127.0.0.1', port: this.target.port, method: from.method, path: from.url, headers: this.#headers(from), agent: false };
    const onward = request(options, (answer) => {
      // Not kept for the next request: that may be another client's, and meant for another line.
      to.writeHead(answer.statusCode, { ...answer.headers, connection: 'close' });
      answer.pipe(to);
    });
    onward.on('error', () => from.socket.destroy());
    from.pipe(onward);
  }

  #upgrade(from, client, head) {
    this.seen.push(`${from.socket.forwardedProto === 'https' ? 'WSS' : 'WS'} ${from.url}`);
    const server = connect(this.target.port, '127.0.0.1');
    this.#keep(server);
    client.on('error', () => client.destroy());
    const headers = Object.entries(this.#headers(from)).map(([name, value]) => `${name}: ${value}`);
    server.write(`GET ${from.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    server.write(head);
    const passage = new Passage(client, server);
    this.#passages.add(passage);
    client.on('close', () => this.#passages.delete(passage));
  }

  /** Breaks every connection, as a lost network does; new ones are let through. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks every connection and lets none through until `restore`. */
  close() {
    this.#closed = true;
    this.cut();
  }

  restore() {
    this.#closed = false;
  }

  /** On the present connections nothing more reaches the client; what it sends still arrives. */
  deafen() {
    for (const passage of this.#passages) passage.down = false;
  }

  /** On the present connections nothing more is taken from the server until `flow`: what it has for the client piles up. */
  stall() {
    for (const passage of this.#passages) passage.server.pause();
  }

  flow() {
    for (const passage of this.#passages) passage.server.resume();
  }

  /** The present connections go half open: nothing arrives in either direction and nobody is told. */
  freeze() {
    for (const passage of this.#passages) Object.assign(passage, { up: false, down: false });
  }

  /** Ends the line. Connections that are closing in order may finish: 3.5.7 throws if they are reset meanwhile. */
  async dispose() {
    this.#closed = true;
    const ended = new Promise((done) => { this.#listener.close(done); });
    await Promise.race([ended, grace()]);
    this.cut();
    await ended;
  }
}

/** Opens a line to a server. */
export function openLine(target) {
  count += 1;
  return new Line(target, `line-${count}`).open();
}
