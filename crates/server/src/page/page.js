// The page at `/`. It speaks the JSON of the 2015 web SDK: no sub-protocol, one flat object per frame.

const LOBBY = 'Yanshu lobby';
const PAGE = 20;

const words = {
  en: {
    welcome: 'The server is running. Choose a name and say something.',
    yourName: 'Your name',
    enter: 'Enter',
    twoTabs: 'Open this page in a second tab, or on a phone, with another name.',
    lobby: 'Lobby',
    older: 'Older messages',
    message: 'Message',
    send: 'Send',
    app: 'App id:',
    version: 'Version',
    switch: '中文',
    alive: 'Server is alive',
    connecting: 'Connecting…',
    online: 'Online',
    lost: 'Connection lost, trying again…',
    dead: 'Server does not answer',
    noApp: 'No app is configured',
    refused: 'Not sent',
    other: '[another kind of message]',
    recalled: '[message recalled]',
    present: (count) => (count === 1 ? 'only you are here' : `${count} are here`),
  },
  zh: {
    welcome: '服务器已启动。取个名字，说点什么吧。',
    yourName: '你的名字',
    enter: '进入',
    twoTabs: '可以在另一个标签页或手机上打开本页，换个名字聊天。',
    lobby: '大厅',
    older: '更早的消息',
    message: '消息',
    send: '发送',
    app: '应用 ID：',
    version: '版本',
    switch: 'English',
    alive: '服务器运行中',
    connecting: '正在连接…',
    online: '在线',
    lost: '连接断开，正在重试…',
    dead: '服务器没有响应',
    noApp: '尚未配置应用',
    refused: '发送失败',
    other: '[其他类型的消息]',
    recalled: '[消息已撤回]',
    present: (count) => (count === 1 ? '这里只有你' : `这里有 ${count} 人`),
  },
};

const $ = (id) => document.getElementById(id);

// ---- Words

let language = (localStorage.getItem('language') ?? navigator.language).startsWith('zh') ? 'zh' : 'en';
let state = ['', 'connecting'];
let present = 0;

const say = (key, ...values) => {
  const text = words[language][key];
  return typeof text === 'function' ? text(...values) : text;
};

function speak() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) {
    element.textContent = say(element.dataset.text);
  }
  $('language').textContent = say('switch');
  $('language').lang = language === 'zh' ? 'en' : 'zh';
  $('state').className = `state ${state[0]}`;
  $('state').textContent = say(state[1]);
  $('present').textContent = present ? say('present', present) : '';
}

function show(mood, key) {
  state = [mood, key];
  speak();
}

$('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('language', language);
  speak();
});

// ---- The line to the server

/** A connection with one session. Commands are promises; what the server tells goes to `told`. */
class Line {
  #socket;
  #serial = 0;
  #waiting = new Map();
  #heartbeat;

  constructor({ told, lost }) {
    const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`;
    this.#socket = new WebSocket(address);
    this.ready = new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', () => {
        this.#heartbeat = setInterval(() => this.#send({}), 60_000);
        resolve();
      });
      this.#socket.addEventListener('close', () => reject(new Error('closed')));
    });
    this.#socket.addEventListener('message', ({ data }) => {
      const event = JSON.parse(data);
      const waiting = this.#waiting.get(event.i);
      if (!waiting) {
        told(event);
        return;
      }
      this.#waiting.delete(event.i);
      if (event.code) waiting.reject(Object.assign(new Error(event.reason), { code: event.code }));
      else waiting.resolve(event);
    });
    this.#socket.addEventListener('close', () => {
      clearInterval(this.#heartbeat);
      for (const { reject } of this.#waiting.values()) reject(new Error('closed'));
      this.#waiting.clear();
      lost();
    });
  }

  #send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  ask(command) {
    this.#serial += 1;
    const i = this.#serial;
    const answer = new Promise((resolve, reject) => this.#waiting.set(i, { resolve, reject }));
    this.#send({ ...command, i });
    return answer;
  }

  close() {
    this.#socket.close(1000);
  }
}

// ---- The chat

let app;
let me;
let line;
let lobby;
let retry = 1000;

/** The oldest chat room of that name: tabs that make one at the same moment agree on the same afterwards. */
async function findLobby() {
  const query = () =>
    line.ask({ cmd: 'conv', op: 'query', peerId: me, where: { tr: true, name: LOBBY }, sort: 'createdAt', limit: 1 });
  const found = (await query()).results[0];
  if (found) return found.objectId;
  await line.ask({ cmd: 'conv', op: 'start', peerId: me, m: [me], transient: true, attr: { name: LOBBY } });
  return (await query()).results[0].objectId;
}

async function connect() {
  show('', 'connecting');
  const current = new Line({
    told,
    lost: () => {
      if (line !== current) return;
      show('bad', 'lost');
      $('say').querySelector('button').disabled = true;
      setTimeout(connect, retry);
      retry = Math.min(retry * 2, 30_000);
    },
  });
  line = current;
  try {
    await line.ready;
    await line.ask({ cmd: 'session', op: 'open', peerId: me, appId: app, ua: 'yanshu/page' });
    lobby = await findLobby();
    await line.ask({ cmd: 'conv', op: 'add', peerId: me, cid: lobby, m: [me] });
    await history();
    retry = 1000;
    show('good', 'online');
    $('say').querySelector('button').disabled = false;
    await count();
  } catch {
    current.close();
  }
}

async function count() {
  const answer = await line.ask({ cmd: 'conv', op: 'count', peerId: me, cid: lobby });
  present = answer.count;
  speak();
}

async function history(before) {
  const point = before ? { t: before.timestamp, mid: before.id } : {};
  const { logs } = await line.ask({ cmd: 'logs', peerId: me, cid: lobby, limit: PAGE, ...point });
  // After a long absence the newest page may not reach what is shown: then it begins anew.
  if (!before && !logs.some(({ msgId }) => placed.some(({ id }) => id === msgId))) {
    placed.length = 0;
    $('messages').replaceChildren();
  }
  for (const { from, data, timestamp, msgId } of logs) {
    place({ id: msgId, from, timestamp, text: textOf(data) });
  }
  $('older').hidden = logs.length < PAGE;
}

function told(event) {
  if (event.cmd === 'direct' && event.cid === lobby) {
    place({ id: event.id, from: event.fromPeerId, timestamp: event.timestamp, text: textOf(event.msg) });
  }
}

/** The text of a message of any SDK: typed ones are JSON with a `_lctext`. */
function textOf(data) {
  try {
    const typed = JSON.parse(data);
    if (typed?._lctype === -127) return say('recalled');
    if (typeof typed?._lctext === 'string') return typed._lctext;
    return typed && typeof typed === 'object' ? say('other') : String(data);
  } catch {
    return String(data);
  }
}

// ---- Messages on the page, in order of time and id

const placed = [];

function place(message) {
  if (placed.some(({ id }) => id === message.id)) return;
  const after = placed.findIndex(
    ({ timestamp, id }) => timestamp > message.timestamp || (timestamp === message.timestamp && id > message.id),
  );
  const follow = atEnd();
  const item = draw(message);
  if (after === -1) {
    placed.push({ ...message, item });
    $('messages').append(item);
  } else {
    $('messages').insertBefore(item, placed[after].item);
    placed.splice(after, 0, { ...message, item });
  }
  if (follow) toEnd();
}

function draw({ from, timestamp, text }) {
  const item = document.createElement('li');
  if (from === me) item.className = 'mine';
  const who = document.createElement('div');
  who.className = 'who';
  const time = document.createElement('time');
  const when = new Date(timestamp);
  time.dateTime = when.toISOString();
  time.textContent = when.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });
  who.append(`${from} `, time);
  const what = document.createElement('div');
  what.className = 'what';
  what.dir = 'auto';
  what.textContent = text;
  item.append(who, what);
  return item;
}

const atEnd = () => $('scroll').scrollHeight - $('scroll').scrollTop - $('scroll').clientHeight < 40;
const toEnd = () => { $('scroll').scrollTop = $('scroll').scrollHeight; };

// ---- What people do

$('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  me = $('name').value.trim();
  if (!me || !app) return;
  sessionStorage.setItem('name', me);
  $('enter').hidden = true;
  $('chat').hidden = false;
  $('text').focus();
  connect();
});

$('say').addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = $('text').value;
  if (!text.trim() || !lobby) return;
  $('text').value = '';
  const item = draw({ from: me, timestamp: Date.now(), text });
  item.classList.add('waiting');
  $('messages').append(item);
  toEnd();
  try {
    const msg = JSON.stringify({ _lctype: -1, _lctext: text });
    const { uid, t } = await line.ask({ cmd: 'direct', peerId: me, cid: lobby, msg });
    item.remove();
    place({ id: uid, from: me, timestamp: t, text });
    toEnd();
  } catch {
    item.classList.replace('waiting', 'refused');
    item.querySelector('.who').append(` · ${say('refused')}`);
  }
});

$('older').addEventListener('click', async () => {
  const height = $('scroll').scrollHeight;
  $('older').disabled = true;
  try {
    await history(placed[0]);
    $('scroll').scrollTop += $('scroll').scrollHeight - height;
  } finally {
    $('older').disabled = false;
  }
});

setInterval(() => {
  if (state[1] === 'online') count().catch(() => {});
}, 10_000);

// ---- The beginning

$('name').value = sessionStorage.getItem('name') ?? '';
speak();
try {
  const [health, about] = await Promise.all([fetch('/health'), fetch('/page.json')]);
  const { appId, version } = await about.json();
  app = appId;
  $('version').textContent = version;
  $('app').textContent = app ?? '—';
  if (!app) show('bad', 'noApp');
  else if (!health.ok) show('bad', 'dead');
  else if (!me) show('good', 'alive');
} catch {
  show('bad', 'dead');
}
