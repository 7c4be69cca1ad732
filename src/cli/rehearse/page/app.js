// One person's seats: whose they are, what stands on their screens, and the way to whoever keeps the rehearsal.

import { el, field, form, mark, put, text } from './dom.js';
import { facilitator } from './facilitator.js';
import { player } from './player.js';

const top = document.getElementById('top');
const main = document.getElementById('main');
const said = document.getElementById('said');
const notice = document.getElementById('notice');

const tokens = location.hash.slice(1).split(',').filter((token) => /^[0-9a-f]{32}$/.test(token));
// A link of a review opens this page at a moment, without a seat: the facilitator's page, wherever it is open, goes there.
const asked = Number(new URLSearchParams(location.search).get('at') ?? NaN);
const moments = new BroadcastChannel('firedrill moments');
const nameKey = `who ${tokens.join(',')}`;
// A stream that says nothing for so long is broken: whoever sends it says something every ten seconds.
const SILENT_MS = 25_000;
const LONGEST_WAIT_MS = 8_000;

let who = sessionStorage.getItem(nameKey);
let seats = [];
let current = null;

// What is read out where a screen reader listens.
const say = (words) => put(said, words);

let hides = null;
function tell(words) {
  put(notice, words);
  notice.hidden = false;
  clearTimeout(hides);
  hides = setTimeout(() => { notice.hidden = true; }, 10_000);
}

function ask(token, path, options) {
  return fetch(path, { cache: 'no-store', ...options, headers: { ...options?.headers, Authorization: `Bearer ${token}` } });
}

// Sends something. Says what went wrong, so that nobody takes for done what was not.
async function post(token, path, body) {
  try {
    const response = await ask(token, path, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    tell(`Not done: ${answer.error}`);
  } catch {
    tell('Not sent: the rehearsal does not answer. Try again.');
  }
  return null;
}

// What a seat's parts need of the world outside of them.
function doorOf(seat) {
  const does = async (deed) => {
    const answer = await post(seat.token, '/api/do', { who, deed });
    if (answer?.refused) tell(`Refused: ${answer.refused}`);
    else if (answer) notice.hidden = true;
    return answer !== null;
  };
  return {
    seat: seat.name,
    does,
    say,
    tell,
    looks: (at) => { if (!seat.leads) does({ look: { at } }); },
    next: () => post(seat.token, '/api/next', {}),
    reviewing: (label) => reviewing(seat.token, label),
  };
}

// A review is made when it is asked for, and its link opens it once.
function reviewing(token, label) {
  const link = el('a', { target: '_blank', rel: 'noopener', hidden: true }, 'Open it');
  const press = el('button', { type: 'button' }, label);
  press.addEventListener('click', async () => {
    if (press.getAttribute('aria-busy') === 'true') return;
    mark(press, 'aria-busy', true);
    link.hidden = true;
    say('The review is being made.');
    const made = await post(token, '/api/review', {});
    mark(press, 'aria-busy', false);
    if (!made) return;
    link.href = made.open;
    link.hidden = false;
    say('The review is ready.');
    link.focus();
  });
  link.addEventListener('click', () => setTimeout(() => { link.hidden = true; press.focus(); }, 0));
  return el('span', { class: 'reviewing' }, press, ' ', link);
}

function heading() {
  const tabs = el('nav', { class: 'tabs', 'aria-label': 'Your seats', hidden: true });
  const seat = el('h1', {});
  const title = el('p', { class: 'faint' });
  const now = el('span', { class: 'now' });
  const day = el('span', { class: 'day' });
  const runs = el('span', { class: 'runs' });
  const link = el('span', { class: 'link', role: 'status' });
  const node = el('header', {},
    el('div', { class: 'bar' }, el('div', { class: 'whose' }, seat, title),
      el('div', { class: 'time', role: 'timer', 'aria-label': 'The clock of the rehearsal', 'aria-live': 'off' }, day, now, runs)),
    link, tabs);
  return {
    node,
    tabs,
    connected: (is) => {
      put(link, is ? '' : 'Not connected. Trying again…');
      link.hidden = is;
    },
    tick: (screen) => {
      const parts = screen.now.split(' ');
      put(day, parts.slice(0, 3).join(' '));
      put(now, parts.at(-1));
    },
    change: (screen) => {
      put(seat, screen.seat);
      put(title, screen.title);
      const state = screen.ended ? 'play is over' : screen.speed === null ? 'stands' : `runs ×${screen.speed}`;
      put(runs, state);
      mark(runs, 'data-runs', screen.speed !== null && !screen.ended);
    },
  };
}

const head = heading();

// The seat on its screen: made once, and changed in place from then on.
function show(seat) {
  const screen = seat.screen;
  if (!seat.view) {
    const door = doorOf(seat);
    seat.view = seat.leads ? facilitator(door) : player(door, screen);
    seat.over = over(seat);
    seat.body = el('div', {}, seat.over, seat.view.node);
    main.append(seat.body);
  }
  for (const other of seats) if (other.body) other.body.hidden = other !== seat;
  seat.over.hidden = !screen.ended;
  seat.view.node.hidden = screen.ended;
  head.change(screen);
  if (screen.ended) seat.view.after?.change(screen);
  else seat.view.change(screen);
  tick(seat);
  announce(seat);
}

function tick(seat) {
  head.tick(seat.screen);
  if (!seat.screen.ended) seat.view.tick?.(seat.screen);
}

function over(seat) {
  const door = doorOf(seat);
  const node = el('section', { class: 'over-all', 'aria-label': 'Play is over' },
    el('h2', {}, 'Play is over.'),
    el('p', {}, 'The review shows what happened, what could be seen, and what each decision was worth. It judges decisions, and nobody.'),
    door.reviewing('Make the review'));
  if (seat.view.after) node.append(seat.view.after);
  return node;
}

// New alerts and words are read out; what stood there already is not.
function announce(seat) {
  const { alerts, talk, ended } = seat.screen;
  const open = alerts.filter((alert) => alert.over === null);
  document.title = `${open.length > 0 ? `(${open.length}) ` : ''}${seat.name} · firedrill rehearsal`;
  const heard = new Set([...alerts.map((alert) => `Alert: ${alert.says}`), ...talk.map((line) => `${line.from}: ${line.text}`)]);
  if (ended) heard.add('Play is over.');
  if (seat.heard) {
    const news = [...heard].filter((words) => !seat.heard.has(words));
    if (news.length > 0) say(news.slice(0, 3).join('. '));
  }
  seat.heard = heard;
}

// Follows a seat until another is looked at. A page that nobody sees holds no connection: browsers have few for each host.
async function follow(seat, signal) {
  let wait = 250;
  while (!signal.aborted) {
    const connection = new AbortController();
    const cut = () => connection.abort();
    signal.addEventListener('abort', cut);
    let timer = null;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(cut, SILENT_MS);
    };
    try {
      heard();
      const response = await ask(seat.token, '/api/stream', { signal: connection.signal });
      if (response.status === 401) return stranger();
      if (!response.ok) throw new Error('not now');
      head.connected(true);
      wait = 250;
      await read(response.body, heard, (kind, data) => receive(seat, kind, data));
    } catch {
      // It was cut off, or is not there: again, after a while.
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cut);
    }
    if (signal.aborted) return;
    head.connected(false);
    await new Promise((goes) => {
      setTimeout(goes, wait);
      addEventListener('online', goes, { once: true });
    });
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

async function read(body, heard, event) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const of = (name) => block.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = of('data');
      if (data !== undefined) event(of('event'), JSON.parse(data));
    }
  }
}

function receive(seat, kind, data) {
  if (seat !== current) return;
  if (kind === 'clock') {
    Object.assign(seat.screen, data);
    tick(seat);
  } else {
    seat.screen = data;
    show(seat);
  }
}

let following = null;
function attend() {
  following?.abort();
  following = null;
  if (!current || document.hidden) return;
  following = new AbortController();
  follow(current, following.signal);
}

function choose(seat) {
  current = seat;
  for (const other of seats) mark(other.tab, 'aria-current', other === seat);
  show(seat);
  attend();
}

function stranger() {
  following?.abort();
  top.replaceChildren();
  main.replaceChildren(el('section', { class: 'over-all' }, el('h1', {}, 'This link is not one of this rehearsal.'),
    el('p', {}, 'Ask whoever leads it for the link to your seat. It ends with a # and 32 letters and digits.')));
}

// Whoever comes for the first time says who they are.
function sit() {
  const name = text({ name: 'who', maxlength: '60', autocomplete: 'name' });
  const card = el('section', { class: 'over-all' },
    el('h1', {}, seats[0].screen.title),
    ...seats.map((seat) => el('p', {}, 'You sit at: ', el('b', {}, seat.name), seat.screen.about ? ` – ${seat.screen.about}` : '')),
    el('p', { class: 'briefing' }, seats[0].screen.briefing),
    form('Sit down', [field('Your name, as the others know you', name),
      el('p', { class: 'faint' }, 'It is kept in the log of this rehearsal, and nowhere else.')], async () => {
      who = name.value.trim();
      for (const seat of seats) if (!await post(seat.token, '/api/do', { who, deed: { sit: {} } })) return;
      sessionStorage.setItem(nameKey, who);
      begin();
    }));
  main.replaceChildren(card);
  name.focus();
}

function begin() {
  main.replaceChildren();
  top.replaceChildren(head.node);
  for (const seat of seats) seat.tab = el('button', { type: 'button', click: () => choose(seat) }, seat.name);
  head.tabs.replaceChildren(...seats.map((seat) => seat.tab));
  head.tabs.hidden = seats.length < 2;
  choose(seats[0]);
}

// Asks the facilitator's page to go to a moment, and says whether there is one.
function passOn() {
  const words = el('p', { role: 'status' }, 'No page of the facilitator is open in this browser: open it, and then this link again.');
  top.replaceChildren();
  main.replaceChildren(el('section', { class: 'over-all' }, el('h1', {}, 'To this moment of the run'), words));
  moments.addEventListener('message', ({ data }) => {
    if (data.chosen === asked) put(words, 'The facilitator’s page stands there: name the branch, and press “Go back”.');
  });
  moments.postMessage({ at: asked });
}

// A moment that was asked for by a link is chosen where the facilitator sits; going back is pressed by hand.
moments.addEventListener('message', ({ data }) => {
  const seat = seats.find((seat) => seat.leads && seat.view);
  if (!seat || !Number.isFinite(data.at)) return;
  choose(seat);
  seat.view.goes(data.at);
  moments.postMessage({ chosen: data.at });
});

async function start() {
  if (tokens.length === 0 && Number.isFinite(asked)) return passOn();
  if (tokens.length === 0) return stranger();
  for (let wait = 250; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const answers = await Promise.all(tokens.map((token) => ask(token, '/api/screen')));
      if (answers.some((answer) => answer.status === 401)) return stranger();
      if (answers.every((answer) => answer.ok)) {
        const screens = await Promise.all(answers.map((answer) => answer.json()));
        seats = screens.map((screen, i) => ({ token: tokens[i], name: screen.seat, leads: Boolean(screen.truth), screen }));
        return who === null ? sit() : begin();
      }
    } catch {
      // Not there yet.
    }
    await new Promise((goes) => setTimeout(goes, wait));
  }
}

document.addEventListener('visibilitychange', attend);
addEventListener('hashchange', () => location.reload());
start();
