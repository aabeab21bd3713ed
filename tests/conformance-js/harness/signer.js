// The app's own server, as far as signing goes: it holds the master key and allows one client one act.
import { createHmac, randomBytes } from 'node:crypto';

/** A moment that a signature may carry. */
const UNITS = { milliseconds: 1, seconds: 1_000 };

/**
 * The signing functions of every generation, to be given to a client when it is opened. They pass on the SDK's own name of
 * an act, as an app's code would, and note in `asked` what they were asked for.
 *
 * `unit` is that of the time; `age` how many milliseconds ago the signature was made; `forge` changes a finished signature,
 * given what was asked; `action` changes the name of an act.
 */
export function signer(app, { unit = 'milliseconds', age = 0, forge = (signed) => signed, action: rename = (given) => given } = {}) {
  const asked = [];

  function sign(question) {
    const { clientId = '', conversation, members, action } = question;
    asked.push(question);
    const timestamp = Math.floor((Date.now() - age) / UNITS[unit]);
    const nonce = randomBytes(8).toString('hex');
    const ids = (members ?? []).slice().sort().join(':');
    const parts = [app.id, clientId];
    if (conversation) parts.push(conversation, ids, timestamp, nonce, rename(action));
    else parts.push(ids, timestamp, nonce);
    const signature = createHmac('sha1', app.masterKey).update(parts.join(':')).digest('hex');
    return forge({ signature, timestamp, nonce }, question);
  }

  const ofList = (conversation, clientId, members, action) => sign({ clientId, conversation, members, action });
  // 4.3.1 names the client first here, unlike its own other function and the later SDK.
  const ofBlockList = (one, other, ...rest) => (/^[0-9a-f]{24}$/.test(one) ? ofList(one, other, ...rest) : ofList(other, one, ...rest));
  return {
    asked,
    auth: ({ clientId, convId, members, action }, done) => done(sign({ clientId, conversation: convId, members, action })),
    signatureFactory: (clientId) => sign({ clientId }),
    conversationSignatureFactory: ofList,
    blacklistSignatureFactory: ofBlockList,
  };
}
