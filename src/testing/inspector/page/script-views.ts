/** What the page shows, and where it begins. */
export const scriptViews = String.raw`
const place = (name, count, target, current) => make('li', { 'data-key': target.folder || name }, [
  make('button', { type: 'button', onclick: () => go(target), 'aria-current': String(current), 'data-key': name }, [
    make('span', { textContent: name }),
    make('span', { className: 'dim', textContent: count }),
  ]),
]);
function showPlaces() {
  const { place: at } = state;
  const nodes = [make('ul', { 'data-key': 'all' }, [
    place('Journal', '', { journal: true }, at.journal === true),
    place('All items', '', { all: true }, at.all === true),
  ])];
  for (const { address: mailbox, folders } of state.mailboxes) {
    const shown = folders.filter((one) => one.total > 0 || ['inbox', 'drafts', 'sentitems'].includes(one.name) || one.id === at.folder);
    nodes.push(make('h2', { textContent: mailbox }), make('ul', { 'data-key': mailbox }, shown.map((folder) => place(
      folder.displayName || folder.name,
      folder.unread > 0 ? folder.unread + '/' + folder.total : String(folder.total),
      { mailbox, folder: folder.id, title: mailbox + ', ' + (folder.displayName || folder.name) },
      at.folder === folder.id,
    ))));
  }
  draw($('places'), nodes);
}

const time = (text) => (text ? new Date(text).toLocaleString() : '');
const row = (id, lines, unread) => make('li', { 'data-key': String(id) }, [
  make('button', { type: 'button', onclick: () => choose(id), 'aria-current': String(String(id) === String(state.chosen)), 'data-key': String(id) },
    lines.map(([text, className], n) => make('div', { textContent: text, className: (className || '') + (unread && n === 0 ? ' unread' : '') }))),
]);
function showList() {
  const { journal } = state.place;
  $('list-title').textContent = journal ? 'Journal' : state.place.title || 'All items';
  const wanted = state.search.toLowerCase();
  const rows = journal
    ? state.journal.filter((entry) => JSON.stringify(entry).toLowerCase().includes(wanted)).reverse().map((entry) => row(entry.number, [
      ['#' + entry.number + ' ' + (entry.operation || '(unreadable)')],
      [[entry.status === null ? entry.outcome : entry.status, entry.responseCode, entry.mailbox].filter(Boolean).join(' · '), 'dim'],
      ...(entry.fault ? [['fault: ' + entry.fault, 'bad']] : []),
      ...(entry.problem ? [[entry.problem, 'bad']] : []),
    ]))
    : (state.items || []).map((item) => row(item.id, [
      [item.subject || '(no subject)'],
      [[item.from ? item.from.name || item.from.address : '', time(item.receivedAt || item.sentAt || item.createdAt)].filter(Boolean).join(' · '), 'dim'],
      ...(state.place.all ? [[item.mailbox + ', ' + item.folder, 'dim']] : []),
    ], !item.isRead));
  draw($('list'), rows.length > 0 ? rows : [make('li', { className: 'empty', textContent: journal || state.items ? 'Nothing here.' : 'Loading …' })]);
}

const table = (head, rows) => make('table', {}, [
  make('thead', {}, [make('tr', {}, head.map((text) => make('th', { textContent: text, scope: 'col' })))]),
  make('tbody', {}, rows.map((cells) => make('tr', {}, cells.map((text) => make('td', { textContent: text }))))),
]);
const people = (list) => list.map(({ name, address: at }) => (name ? name + ' <' + at + '>' : at)).join(', ');
const code = (text, label) => make('pre', { textContent: text, tabIndex: 0, 'aria-label': label, role: 'group' });

async function showItem(id) {
  const item = await ask('GET', 'items/' + encodeURIComponent(id));
  const views = {
    rendered: async () => make('iframe', { title: 'Body of the item', sandbox: '', src: address('items/' + encodeURIComponent(id) + '/body') }),
    source: async () => code(await ask('GET', 'items/' + encodeURIComponent(id) + '/source'), 'Source'),
    properties: async () => make('div', {}, [
      table(['Name', 'Value'], Object.entries({
        Id: item.id, Class: item.itemClass, Element: item.kind, Folder: item.mailbox + ', ' + item.folder, 'Message-ID': item.internetMessageId,
        Importance: item.importance, Sensitivity: item.sensitivity, Read: String(item.isRead), Draft: String(item.isDraft),
        Created: time(item.createdAt), Sent: time(item.sentAt), Received: time(item.receivedAt),
      })),
      make('h3', { textContent: 'Extended properties' }),
      table(['Name', 'Type', 'Value'], item.properties.map((one) => [one.name, one.type, one.values.join(', ')])),
      make('h3', { textContent: 'Headers' }),
      table(['Name', 'Value'], item.headers.map((one) => [one.name, one.value])),
      make('h3', { textContent: 'Attachments' }),
      table(['Name', 'Type', 'Bytes'], item.attachments.map((one) => [one.name, one.contentType || '', String(one.size)])),
    ]),
  };
  const tab = (name, label) => make('button', {
    type: 'button', textContent: label, 'aria-current': String(state.tab === name), 'data-key': name, onclick: () => { state.tab = name; attempt(() => showItem(state.chosen)); },
  });
  const asked = state.tab;
  const content = await views[asked]();
  if (state.chosen !== id || state.tab !== asked) return;
  draw($('details'), [
    make('h3', { textContent: item.subject || '(no subject)' }),
    make('div', { className: 'dim', textContent: (item.from ? people([item.from]) : 'nobody') + ' to ' + people(item.to) }),
    make('div', { className: 'tabs', 'data-key': 'tabs of ' + id }, [
      tab('rendered', 'Rendered'), tab('source', 'Source'), tab('properties', 'Properties'),
      make('button', { type: 'button', textContent: 'Delete', 'data-key': 'delete', onclick: () => attempt(() => remove(id)) }),
    ]),
    content,
  ]);
}

function pretty(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) {
    try { return JSON.stringify(JSON.parse(trimmed), undefined, 2); } catch { return text; }
  }
  if (!trimmed.startsWith('<')) return text;
  let depth = 0;
  const lines = [];
  for (const part of trimmed.match(/<[^>]*>|[^<]+/g) || []) {
    const closes = part.startsWith('</');
    if (closes) depth = Math.max(0, depth - 1);
    const last = lines.length - 1;
    // An element that has text only stays on one line.
    if (closes && last >= 0 && lines[last].open) lines[last] = { text: lines[last].text + part, open: false };
    else if (!part.startsWith('<') && last >= 0 && lines[last].open) lines[last].text += part;
    else if (part.trim() !== '') lines.push({ text: '  '.repeat(depth) + part.trim(), open: /^<[^/?!]/.test(part) && !part.endsWith('/>') });
    if (/^<[^/?!]/.test(part) && !part.endsWith('/>')) {
      depth += 1;
      if (last >= 0 && lines.length - 2 >= 0) lines[lines.length - 2].open = false;
    }
  }
  return lines.map((line) => line.text).join('\n');
}
async function showEntry(number) {
  const entry = await ask('GET', 'journal/' + number);
  if (String(state.chosen) !== String(number)) return;
  const side = (title, text) => make('section', { 'aria-label': title }, [make('h3', { textContent: title }), code(pretty(text) || '(empty)', title)]);
  draw($('details'), [
    make('h3', { textContent: '#' + entry.number + ' ' + (entry.operation || '(unreadable)') }),
    make('div', { className: 'dim', textContent: [time(entry.at), entry.path, entry.mailbox, entry.status === null ? entry.outcome : entry.status, entry.responseCodes.join(', ')].filter(Boolean).join(' · ') }),
    entry.fault ? make('div', { className: 'bad', textContent: 'Fault: ' + entry.fault }) : make('div'),
    make('div', { className: 'side' }, [side('Request', entry.requestBody), side('Response', entry.responseBody)]),
  ]);
}

function fill(title, children) {
  $('dialog').replaceChildren(make('h2', { id: 'dialog-title', textContent: title }), ...children);
  if (!$('dialog').open) $('dialog').showModal();
}
function open(title, children) {
  fill(title, children);
  return look('dialog');
}
const close = () => $('dialog').close();
const field = (label, input) => make('label', {}, [make('span', { textContent: label }), input]);
const buttons = (label, extra) => make('div', { className: 'row' }, [...(extra || []), make('button', { type: 'button', textContent: 'Close', onclick: close }), ...(label ? [make('button', { textContent: label })] : [])]);
const submitting = (work) => (event) => { event.preventDefault(); attempt(() => work(new FormData(event.target))); };

function showCompose() {
  const from = make('select', { name: 'from' }, state.mailboxes.map((one) => make('option', { textContent: one.address })));
  const isShown = open('Compose', [make('form', { onsubmit: submitting(async (form) => {
    const to = String(form.get('to')).split(/[,;\s]+/).filter(Boolean);
    await ask('POST', 'messages', { from: form.get('from'), to, subject: form.get('subject'), body: form.get('body') });
    // Not one opened meanwhile.
    if (isShown()) close();
    say('Message sent.');
  }) }, [
    field('From', from),
    field('To', make('input', { name: 'to', required: true, autocomplete: 'off' })),
    field('Subject', make('input', { name: 'subject', autocomplete: 'off' })),
    field('Text', make('textarea', { name: 'body', rows: 6 })),
    buttons('Send'),
  ])]);
}
const presets = {
  'Server busy': { kind: 'serverBusy', backOff: 5000 }, 'HTTP 503': { kind: 'http', status: 503 }, 'HTTP 401': { kind: 'http', status: 401 },
  'Reset before': { kind: 'resetBefore' }, 'Lost response': { kind: 'lostResponse' }, 'No answer': { kind: 'hang' },
  'Delay of 5 s': { kind: 'delay', delay: 5000 }, 'Truncated answer': { kind: 'truncated' }, 'Internal error': { kind: 'soapFault', code: 'ErrorInternalServerError' },
};
async function showFaults(isShown) {
  const isLatest = look('faults');
  const isMine = isShown || look('dialog');
  const { faults } = await ask('GET', 'faults');
  // Not over what was opened, and not again after it was closed, while the answer was on its way.
  if (!isLatest() || !isMine() || (isShown && !$('dialog').open)) return;
  const again = (work) => () => attempt(async () => { await work(); await showFaults(isMine); });
  const switches = Object.entries(presets).map(([name, fault]) => {
    const set = faults.filter((one) => one.selector.operation === '*' && Object.keys(one.selector).length === 1 && Object.entries(fault).every(([key, value]) => one.fault[key] === value));
    return make('label', { className: 'row' }, [
      make('input', { type: 'checkbox', role: 'switch', checked: set.length > 0, onchange: again(async () => {
        if (set.length === 0) await ask('POST', 'faults', { selector: { operation: '*' }, fault });
        for (const one of set) await ask('DELETE', 'faults/' + one.id);
      }) }), make('span', { textContent: name }),
    ]);
  });
  const others = faults.map((one) => make('li', {}, [
    make('code', { textContent: JSON.stringify(one.selector) + ' ' + JSON.stringify(one.fault) + ' struck ' + one.hits + ' times ' }),
    make('button', { type: 'button', textContent: 'Remove', 'aria-label': 'Remove the fault ' + one.fault.kind + ' of ' + one.selector.operation, onclick: again(() => ask('DELETE', 'faults/' + one.id)) }),
  ]));
  const form = make('form', { onsubmit: submitting(async (data) => {
    const selector = { operation: String(data.get('operation')), ...(data.get('once') ? { times: 1 } : {}) };
    await ask('POST', 'faults', { selector, fault: presets[data.get('preset')] });
    await showFaults(isMine);
  }) }, [
    field('Operation', make('input', { name: 'operation', value: 'CreateItem', required: true, autocomplete: 'off' })),
    field('What goes wrong', make('select', { name: 'preset' }, Object.keys(presets).map((name) => make('option', { textContent: name })))),
    make('label', { className: 'row' }, [make('input', { type: 'checkbox', name: 'once' }), make('span', { textContent: 'The next request only' })]),
    buttons('Set', [make('button', { type: 'button', textContent: 'Remove all', onclick: again(() => ask('DELETE', 'faults')) })]),
  ]);
  fill('Faults', [make('h3', { textContent: 'Every request' }), ...switches, make('h3', { textContent: 'Active faults' }), make('ul', {}, others), make('h3', { textContent: 'One operation' }), form]);
}
function showReset() {
  const isShown = open('Reset', [make('form', { onsubmit: submitting(async () => { await ask('POST', 'reset'); if (isShown()) close(); say('Everything was reset.'); }) }, [
    make('p', { textContent: 'This removes all items, all faults and the journal.' }), buttons('Reset everything'),
  ])]);
}
function showHelp() {
  open('Keyboard', [table(['Key', 'What it does'], [
    ['/', 'Search'], ['j, ↓', 'Next'], ['k, ↑', 'Previous'], ['c', 'Compose'], ['f', 'Faults'], ['l', 'Journal'], ['Delete', 'Deletes the item'], ['t', 'Colours'], ['Esc', 'Closes'], ['?', 'This help'],
  ]), buttons()]);
}

showPlaces();
showList();
attempt(loadPlaces);
listen();
`;
