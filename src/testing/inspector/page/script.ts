/** What the page does, as the browser runs it: its state, its calls and its events. Text of others is only ever set as text. */
export const script = `
const $ = (id) => document.getElementById(id);
const api = new URL('api/v1/', location.href.split('?')[0]);
const token = new URLSearchParams(location.search).get('token');
const state = { mailboxes: [], place: { journal: true }, items: undefined, journal: [], chosen: undefined, tab: 'rendered', search: '' };

const make = (name, properties, children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.includes('-')) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...(children || []).filter((one) => one !== undefined));
  return node;
};
// A click is lost if its button moves or goes between mouse down and mouse up: until then nothing is drawn.
let isPressed = false;
const waiting = new Map();
function draw(parent, nodes) {
  if (isPressed) waiting.set(parent, nodes);
  else renew(parent, nodes);
}
const released = () => setTimeout(() => {
  isPressed = false;
  for (const [parent, nodes] of waiting) renew(parent, nodes);
  waiting.clear();
});
addEventListener('pointerdown', ({ button }) => { isPressed = button === 0; });
for (const end of ['pointerup', 'pointercancel', 'contextmenu', 'blur']) addEventListener(end, released);
// What has the key of something drawn before keeps its node, and with it the focus.
function renew(parent, nodes) {
  const before = new Map([...parent.children].map((one) => [one.dataset.key, one]));
  before.delete(undefined);
  const kept = nodes.map((node) => {
    const old = node.dataset ? before.get(node.dataset.key) : undefined;
    if (old === undefined) return node;
    if (!old.isEqualNode(node)) {
      for (const { name, value } of node.attributes) old.setAttribute(name, value);
      renew(old, [...node.childNodes]);
    }
    return old;
  });
  const staying = new Set(kept);
  for (const one of [...parent.childNodes]) if (!staying.has(one)) one.remove();
  kept.forEach((one, n) => { if (parent.childNodes[n] !== one) parent.insertBefore(one, parent.childNodes[n] || null); });
}
const say = (text) => {
  $('status').textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { $('status').textContent = ''; }, 4000);
};
const address = (path) => {
  const url = new URL(path, api);
  if (token) url.searchParams.set('token', token);
  return url.href;
};
async function ask(method, path, body) {
  const headers = token ? { authorization: 'Bearer ' + token } : {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  const answer = await fetch(new URL(path, api), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const isJson = (answer.headers.get('content-type') || '').includes('json');
  const read = answer.status === 204 ? undefined : isJson ? await answer.json() : await answer.text();
  if (!answer.ok) throw new Error(read && read.error ? read.error.message : 'HTTP ' + answer.status);
  return read;
}
const attempt = (work) => work().catch((error) => say(error.message));

// An answer that a later one has overtaken is for another place, or out of date.
const looks = { places: 0, items: 0, journal: 0, faults: 0, dialog: 0 };
const look = (at) => {
  const mine = (looks[at] += 1);
  return () => mine === looks[at];
};
async function loadPlaces() {
  const isLatest = look('places');
  const { mailboxes } = await ask('GET', 'mailboxes');
  if (!isLatest()) return;
  state.mailboxes = mailboxes;
  showPlaces();
}
async function loadItems() {
  if (state.place.journal) return;
  const query = new URLSearchParams({ limit: '200' });
  if (state.place.mailbox) query.set('mailbox', state.place.mailbox);
  if (state.place.folder) query.set('folder', state.place.folder);
  if (state.search) query.set('search', state.search);
  const isLatest = look('items');
  let found = state.items || [];
  try {
    found = (await ask('GET', 'items?' + query)).items;
  } finally {
    if (isLatest()) {
      state.items = found;
      showList();
    }
  }
}
let loading;
function reload() {
  // Many changes in a row are one look.
  loading ||= setTimeout(() => {
    loading = undefined;
    attempt(async () => { await loadPlaces(); await loadItems(); });
  }, 30);
}
function go(place) {
  state.place = place;
  state.chosen = undefined;
  state.items = undefined;
  draw($('details'), [make('p', { className: 'empty', textContent: 'Choose an item or a request.' })]);
  showPlaces();
  // The rows of the place before would be looked for here.
  showList();
  if (!place.journal) attempt(loadItems);
}
function choose(id) {
  state.chosen = id;
  for (const button of $('list').querySelectorAll('button')) button.setAttribute('aria-current', String(button.dataset.key === String(id)));
  attempt(() => (state.place.journal ? showEntry(id) : showItem(id)));
}
async function remove(id) {
  if (state.place.journal || id === undefined) return;
  await ask('DELETE', 'items/' + encodeURIComponent(id));
  say('Item deleted.');
  if (state.chosen === id) go(state.place);
}
function move(by) {
  const buttons = [...$('list').querySelectorAll('button')];
  if (buttons.length === 0) return;
  const now = buttons.findIndex((one) => one.dataset.key === String(state.chosen));
  const next = buttons[Math.max(0, Math.min(buttons.length - 1, now + by))];
  next.focus();
  choose(next.dataset.key);
}

const themes = { '': ['Auto', 'as in the system'], light: ['Light', 'light'], dark: ['Dark', 'dark'] };
function setTheme(theme) {
  document.documentElement.className = theme;
  const [name, spoken] = themes[theme];
  $('theme').textContent = name;
  $('theme').setAttribute('aria-label', 'Colours: ' + spoken);
  try { localStorage.setItem('theme', theme); } catch {}
}
let stored = '';
try { stored = localStorage.getItem('theme') || ''; } catch {}
setTheme(themes[stored] ? stored : '');

$('theme').onclick = () => {
  const names = Object.keys(themes);
  setTheme(names[(names.indexOf(document.documentElement.className) + 1) % names.length]);
};
$('search').oninput = () => {
  state.search = $('search').value.trim();
  if (state.place.journal) showList();
  else attempt(loadItems);
};
$('compose').onclick = () => showCompose();
$('faults').onclick = () => attempt(() => showFaults());
$('help').onclick = () => showHelp();
$('reset').onclick = () => showReset();

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $('dialog').open) return;
  if (event.target.matches('input,textarea,select')) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  const act = {
    '/': () => $('search').focus(),
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    c: () => showCompose(),
    f: () => attempt(() => showFaults()),
    l: () => go({ journal: true }),
    t: () => $('theme').click(),
    Delete: () => attempt(() => remove(state.chosen)),
    '?': () => showHelp(),
  }[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

function listen() {
  const events = new EventSource(address('journal/stream'));
  events.addEventListener('request', (event) => {
    const entry = JSON.parse(event.data);
    if (state.journal.some(({ number }) => number === entry.number)) return;
    state.journal.push(entry);
    if (state.journal.length > 1000) state.journal.shift();
    if (state.place.journal) showList();
  });
  events.addEventListener('reset', () => {
    state.journal = [];
    go(state.place);
    attempt(async () => {
      const isLatest = look('journal');
      const { entries } = await ask('GET', 'journal');
      // Before those told meanwhile.
      if (isLatest()) state.journal = [...entries, ...state.journal.filter(({ number }) => !entries.some((one) => one.number === number))];
      showList();
    });
    reload();
  });
  events.addEventListener('change', reload);
  // What changed while nobody listened is not told.
  events.addEventListener('open', reload);
}
`;
