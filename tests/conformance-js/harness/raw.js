// A client without an SDK, for what no SDK sends: broken frames, missing fields, unknown commands, exact presence of fields.
import { once as onceEvent } from 'node:events';
import WebSocket from 'ws';

import { freshCopy } from '../sdk/packages.js';
import { Mailbox, deadline } from './events.js';

const { Protocals: proto } = freshCopy('leancloud-realtime');

/** Absent fields left out, enums by name, 64-bit integers as numbers. */
function toObject(message) {
  const type = message.$type;
  const result = {};
  for (const field of type._fields) {
    const value = message[field.name];
    if (value === null || (field.repeated && value.length === 0)) continue;
    const convert = (one) => {
      if (field.type.name === 'message') return toObject(one);
      if (field.type.name === 'enum') return field.resolvedType.getChildren().find((child) => child.id === one)?.name ?? one;
      if (field.type.name === 'bytes') return Buffer.from(one.toArrayBuffer());
      return typeof one === 'object' ? Number(one) : one;
    };
    result[field.name] = field.repeated ? value.map(convert) : convert(value);
  }
  return result;
}

const formats = {
  json: {
    encode: (command) => JSON.stringify(command),
    decode: (data) => JSON.parse(data),
  },
  binary: {
    encode: (command) => Buffer.from(new proto.GenericCommand(command).toArrayBuffer()),
    decode: (data) => toObject(proto.GenericCommand.decode(data)),
  },
  base64: {
    encode: (command) => new proto.GenericCommand(command).toBase64(),
    decode: (data) => toObject(proto.GenericCommand.decode(String(data))),
  },
};

function formatOf(protocol) {
  if (!protocol) return formats.json;
  return /base64/.test(protocol) ? formats.base64 : formats.binary;
}

export class RawClient extends Mailbox {
  #format;
  #serial = 100;

  constructor(server, { protocol, speaks = protocol, path = '/', headers } = {}) {
    super(`raw client (${speaks ?? 'json'})`);
    this.#format = formatOf(speaks);
    this.appId = Object.values(server.apps)[0].id;
    this.socket = new WebSocket(`${server.socketUrl}${path}`, protocol ? [protocol].flat() : [], { headers });
    this.socket.on('message', (data, isBinary) => {
      this.put('frame', { isBinary, ...(String(data) === '{}' ? {} : this.#format.decode(data)) });
    });
    this.socket.on('pong', () => this.put('pong'));
    this.socket.on('error', (error) => this.put('error', { reason: error.message }));
    this.socket.on('close', (code, reason) => this.put('close', { code, reason: String(reason) }));
  }

  static async connect(server, options) {
    const client = new RawClient(server, options);
    await deadline(onceEvent(client.socket, 'open'), `opening of ${client.owner}`);
    return client;
  }

  send(command) {
    this.socket.send(this.#format.encode(command));
  }

  /** Sends a command with a serial id of its own and gives the reply. */
  async ask(command) {
    this.#serial += 1;
    const i = this.#serial;
    this.send({ ...command, i });
    return this.get('frame', { i });
  }

  /** Opens a session; the fields of the session command lie flat in JSON and in a message of their own in protobuf. */
  async login(peerId, fields = {}) {
    const isJson = this.#format === formats.json;
    const session = { ua: 'conformance/1', ...fields };
    return this.ask({ cmd: 'session', op: 'open', appId: this.appId, ...(peerId && { peerId }), ...(isJson ? session : { sessionMessage: session }) });
  }

  close() {
    this.socket.terminate();
  }
}
