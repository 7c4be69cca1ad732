// Nodes of the page. Whatever people type is put in as text, and nothing is ever read as markup.

export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Changes a text only where it is another: screen readers and selections stay where they are.
export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, name, value) {
  const text = String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

let names = 0;
export const fresh = (word) => `${word}-${(names += 1)}`;

// A part of the page with its heading.
export function part(title, ...children) {
  const id = fresh('part');
  const count = el('span', { class: 'count' });
  const node = el('section', { class: 'part', 'aria-labelledby': id, tabindex: '-1' },
    el('h2', { id }, title, count), ...children);
  node.count = (text) => put(count, text ? ` ${text}` : '');
  return node;
}

// Keeps the rows of a list in step with what they show. A row that stays is changed in place, so that focus stays too.
const kept = new WeakMap();
export function rows(parent, items, key, make, change) {
  const old = kept.get(parent) ?? new Map();
  const now = new Map();
  for (const item of items) {
    let name = String(key(item));
    while (now.has(name)) name += ' ';
    now.set(name, { item, node: old.get(name)?.node ?? make(item) });
  }
  for (const [name, { node }] of old) if (!now.has(name)) node.remove();
  let at = 0;
  for (const { item, node } of now.values()) {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] ?? null);
    change?.(node, item);
    at += 1;
  }
  kept.set(parent, now);
}

// A list that says so when it is empty.
export function listing(empty, attributes) {
  const list = el('ul', { class: 'lines', ...attributes });
  const none = el('p', { class: 'faint none' }, empty);
  const node = el('div', { class: 'listing' }, none, list);
  node.list = list;
  node.fill = (items, key, make, change) => {
    none.hidden = items.length > 0;
    list.hidden = items.length === 0;
    rows(list, items, key, make, change);
  };
  return node;
}

export const lineKey = (line) => `${line.at_s} ${line.from} ${line.text}`;

// Hours and minutes of a civil time: the day stands there where it is another than now.
export function short(civil, now) {
  const [day, date, month, clock] = civil.split(' ');
  return now?.startsWith(`${day} ${date} ${month}`) ? clock : `${day} ${clock}`;
}

export function line(item, now) {
  return el('li', { class: 'line' },
    el('time', {}, short(item.at, now)),
    el('p', {}, ...(item.from ? [el('b', {}, item.from), ' '] : []), item.text));
}

// A button that does something which cannot be undone wants to be pressed twice.
export function twice(verb, what, act, say) {
  const node = el('button', { type: 'button', class: 'sure' });
  let armed = null;
  const label = () => {
    put(node, armed ? 'Press again' : node.verb);
    mark(node, 'aria-label', armed ? `Press again to confirm: ${node.verb} ${what}` : `${node.verb} ${what}`);
    node.classList.toggle('armed', armed !== null);
  };
  const disarm = () => {
    clearTimeout(armed);
    armed = null;
    label();
  };
  node.verb = verb;
  node.call = (text) => {
    if (node.verb !== text) {
      node.verb = text;
      disarm();
    }
  };
  node.addEventListener('click', async () => {
    if (node.getAttribute('aria-busy') === 'true') return;
    if (armed === null) {
      armed = setTimeout(disarm, 8000);
      label();
      say(`Press again to confirm: ${node.verb} ${what}`);
      return;
    }
    disarm();
    mark(node, 'aria-busy', true);
    try {
      await act();
    } finally {
      mark(node, 'aria-busy', false);
    }
  });
  node.addEventListener('blur', disarm);
  node.addEventListener('keydown', (event) => { if (event.key === 'Escape') disarm(); });
  label();
  return node;
}

// A field with its label.
export function field(label, control) {
  const id = fresh('field');
  control.id = id;
  return el('div', { class: 'field' }, el('label', { for: id }, label), control);
}

// A form that is emptied once what stands in it has arrived.
export function form(button, fields, send) {
  const press = el('button', { type: 'submit' }, button);
  const node = el('form', { class: 'form', novalidate: true }, ...fields, press);
  let busy = false;
  node.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await send();
    } finally {
      busy = false;
    }
  });
  return node;
}

export const text = (attributes) => el('input', { type: 'text', maxlength: '1000', autocomplete: 'off', ...attributes });

// Which seats something is said to: all, unless some are chosen.
export function recipients(mine) {
  const choices = el('div', { class: 'chips' });
  const node = el('fieldset', { class: 'to' }, el('legend', {}, 'To (everybody, unless you choose)'), choices);
  node.fill = (seats) => {
    const others = seats.map(([name]) => name).filter((name) => name !== mine);
    rows(choices, others, (name) => name, (name) => {
      const box = el('input', { type: 'checkbox', value: name });
      return el('label', { class: 'chip' }, box, el('span', {}, name));
    });
  };
  node.chosen = () => [...choices.querySelectorAll('input:checked')].map((box) => box.value);
  return node;
}
