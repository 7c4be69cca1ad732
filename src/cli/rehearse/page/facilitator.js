// The facilitator's seat: the truth, the clock, and everybody who is not there.

import { el, field, form, line, lineKey, listing, mark, part, put, recipients, rows, short, text, twice } from './dom.js';
import { about, alerts, boards, complaints, done, jumps, lines, status, talk } from './player.js';

const SPEEDS = [1, 10, 60, 300, 3600];
const LEVELS = { fine: 'fine', stale: 'stale', degraded: 'degraded', down: 'down' };
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY_S = 86400;

// Seconds since midnight of a civil time.
function seconds(civil) {
  const [hours, minutes, second] = civil.split(' ').at(-1).split(':').map(Number);
  return hours * 3600 + minutes * 60 + second;
}

// A moment of the run as weekday and minute, counted from the beginning of play.
function moment(screen, at_s) {
  const since = seconds(screen.from) + (at_s - screen.from_s);
  const day = DAYS[(DAYS.indexOf(screen.from.split(' ')[0]) + Math.floor(since / DAY_S)) % 7];
  const minute = Math.floor((((since % DAY_S) + DAY_S) % DAY_S) / 60);
  const two = (number) => String(number).padStart(2, '0');
  return `${day} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

function clock(door) {
  let screen = null;
  const button = (label, name, act) => el('button', { type: 'button', 'aria-label': name, click: act }, label);
  const speeds = SPEEDS.map((speed) => button(`×${speed}`, `Run at ${speed} seconds in a second`, () => door.does({ run: { speed } })));
  const pause = button('Pause', 'Pause the clock', () => door.does({ pause: {} }));
  const step = (by_s) => door.does({ reach: { to_s: Math.min(screen.now_s + by_s, screen.to_s) } });
  const steps = [
    button('+1 min', 'Let one minute pass', () => step(60)),
    button('+10 min', 'Let ten minutes pass', () => step(600)),
    button('To the next thing', 'Let time pass until the next thing happens', () => door.next()),
  ];
  const until = text({ name: 'until', placeholder: '15:30', maxlength: '5', size: '5' });
  const to = form('Go', [field('To', until)], async () => {
    if (!/^([01]?\d|2[0-3]):[0-5]\d$/.test(until.value.trim())) {
      door.tell('Write hours and minutes: 15:30. It is the next time that the clock shows that.');
      return;
    }
    const ahead = (seconds(`${until.value.trim()}:00`) - seconds(screen.now) + DAY_S) % DAY_S;
    if (await door.does({ reach: { to_s: screen.now_s + ahead } })) until.value = '';
  });
  to.classList.add('inline');
  const end = twice('End the play', '', () => door.does({ end: {} }), door.say);
  const bar = el('progress', { max: '1', value: '0', 'aria-label': 'How much of the play is over' });
  const node = part('Clock',
    el('div', { class: 'clockwork' },
      el('div', { class: 'keys', role: 'group', 'aria-label': 'Run' }, ...speeds, pause),
      el('div', { class: 'keys', role: 'group', 'aria-label': 'Steps' }, ...steps),
      to, el('div', { class: 'keys last' }, door.reviewing('Review so far'), end)),
    bar);
  node.change = (now) => {
    screen = now;
    SPEEDS.forEach((speed, i) => mark(speeds[i], 'aria-pressed', screen.speed === speed));
    mark(pause, 'aria-pressed', screen.speed === null);
    node.tick(now);
  };
  node.tick = (now) => {
    screen = now;
    bar.value = (now.now_s - now.from_s) / Math.max(1, now.to_s - now.from_s);
  };
  return node;
}

// Back to a moment: what came after it stays, as the branch that it was.
function back(door) {
  let screen = null;
  let chosen = null;
  const slider = el('input', { type: 'range', step: '60', name: 'moment' });
  const shown = el('output', {});
  const name = text({ name: 'branch', maxlength: '60' });
  const go = twice('Go back', '', async () => {
    if (chosen === null) return door.tell('Choose a moment first: with the slider, or with a line of the story.');
    const named = name.value.trim() || `branch ${screen.truth.branches.length + 1}`;
    if (await door.does({ back: { to_s: chosen, name: named } })) {
      name.value = '';
      node.choose(null);
    }
  }, door.say);
  const branches = el('ul', { class: 'branches' });
  const node = part('Back to', el('div', { class: 'slide' }, field('Moment', slider), shown),
    el('div', { class: 'form inline' }, field('Name of the new branch', name), go), branches);
  slider.addEventListener('input', () => node.choose(Number(slider.value)));
  node.choose = (at_s) => {
    chosen = at_s === null ? null : Math.max(screen.from_s, Math.min(at_s, screen.now_s));
    node.tick(screen);
  };
  node.tick = (now) => {
    screen = now;
    slider.min = now.from_s;
    slider.max = Math.max(now.now_s, now.from_s + 1);
    if (chosen !== null && chosen > now.now_s) chosen = null;
    slider.value = chosen ?? slider.max;
    const label = chosen === null ? 'now' : moment(now, chosen);
    put(shown, label);
    mark(slider, 'aria-valuetext', label);
    mark(name, 'placeholder', `branch ${now.truth.branches.length + 1}`);
  };
  node.change = (now) => {
    node.tick(now);
    const all = now.truth.branches;
    rows(branches, all, ([name, left]) => `${name} ${left}`, ([name, left]) =>
      el('li', {}, el('b', {}, name), left ? ` from ${short(left, now.now)}` : '', el('span', { class: 'faint' })),
    (row, branch) => put(row.lastChild, branch === all.at(-1) ? ' is played now' : ' is kept'));
  };
  return node;
}

function people() {
  const body = el('tbody', {});
  const head = ['People', 'In truth', 'Due to'].map((name) => el('th', { scope: 'col' }, name));
  const node = part('How everybody fares', el('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'How everybody fares' },
    el('table', {}, el('thead', {}, el('tr', {}, ...head)), body)));
  const make = (felt) => {
    const cells = [el('td', {}), el('td', {})];
    const row = el('tr', {}, el('th', { scope: 'row' }, felt.people), ...cells);
    row.change = (felt, now) => {
      mark(cells[0], 'class', `level ${felt.level}`);
      put(cells[0], LEVELS[felt.level] ?? felt.level);
      put(cells[1], felt.level === 'fine' ? '' : `${felt.why}, since ${short(felt.since, now)}`);
    };
    return row;
  };
  node.change = (screen) => {
    const bad = screen.truth.people.filter((felt) => felt.level !== 'fine').length;
    node.count(bad > 0 ? `${bad} not fine` : 'all fine');
    rows(body, screen.truth.people, (felt) => felt.people, make, (row, felt) => row.change(felt, screen.now));
  };
  return node;
}

function story(chooses) {
  const list = listing('Nothing has happened yet.', { tabindex: '0', 'aria-label': 'What happened, newest first' });
  const node = part('What happened', el('p', { class: 'faint' }, 'A line takes the slider of “Back to” to its moment.'), list);
  const make = (item, now) => el('li', { class: 'line' },
    el('button', { type: 'button', class: 'plain', click: () => chooses(item.at_s) },
      el('time', {}, short(item.at, now)),
      el('span', {}, ...(item.from && !item.text.startsWith(item.from) ? [el('b', {}, item.from), ' '] : []), item.text)));
  node.change = (screen) => list.fill([...screen.truth.story].reverse(), lineKey, (item) => make(item, screen.now));
  return node;
}

// Its name without its number: the list has its own order, and steps and messages are numbered each by themselves.
const called = (inject) => inject.name.replace(/^(message )?\d+\. /, '');

function injects(door) {
  const list = listing('This file has none.', { class: 'offers' });
  const node = part('Injects', list);
  const make = (inject) => {
    const state = el('span', { class: 'state' });
    const press = twice('Leave out', inject.name, () => door.does({ suppress: { inject: inject.name } }), door.say);
    const at = el('time', {});
    const facts = [
      [inject.says && `“${inject.says}”`, 'quote'],
      [inject.says && (inject.to.length > 0 ? `to ${inject.to.join(', ')}` : 'to everybody'), 'faint'],
      [inject.expects && `Expected: ${inject.expects}`, 'expects'],
    ].filter(([fact]) => fact);
    const row = el('li', { class: 'offer' },
      el('div', { class: 'what' }, el('h3', {}, at, ' ', called(inject), state),
        ...facts.map(([fact, kind]) => el('p', { class: kind }, fact))), press);
    row.change = (inject, now) => {
      put(at, inject.at ? short(inject.at, now) : 'when it is due');
      put(state, inject.suppressed ? 'left out' : inject.has_come ? 'has come' : '');
      mark(row, 'data-state', inject.suppressed ? 'over' : inject.has_come ? 'in_effect' : 'ready');
      press.hidden = inject.suppressed || inject.has_come;
    };
    return row;
  };
  let before = null;
  node.change = (screen) => {
    const left = screen.truth.injects.filter((inject) => !inject.has_come && !inject.suppressed).length;
    node.count(left > 0 ? `${left} to come` : '');
    list.fill(screen.truth.injects, (inject) => inject.name, make, (row, inject) => row.change(inject, screen.now));
    // What comes next is in sight, unless somebody is at the list.
    const next = list.list.querySelector('[data-state="ready"]');
    if (left !== before && next && !list.contains(document.activeElement)) {
      list.list.scrollTop = next.offsetTop - 40;
    }
    before = left;
  };
  return node;
}

function speak(door) {
  const names = el('datalist', { id: 'voices' }, ...['CEO', 'press', 'vendor', 'facilitator'].map((name) => el('option', { value: name })));
  const from = text({ name: 'from', list: 'voices', maxlength: '60', value: 'CEO' });
  const said = el('textarea', { rows: '2', maxlength: '1000', name: 'speak' });
  const to = recipients(door.seat);
  const ready = el('div', { class: 'chips', role: 'group', 'aria-label': 'Messages that are ready' });
  const node = part('Speak as somebody else', names, ready, form('Say it', [field('As', from), field('What is said', said), to], async () => {
    const chosen = to.chosen();
    const deed = { from: from.value, text: said.value };
    if (await door.does({ speak: chosen.length > 0 ? { ...deed, to: chosen } : deed })) said.value = '';
  }));
  node.change = (screen) => {
    to.fill(screen.seats);
    ready.hidden = screen.truth.prepared.length === 0;
    rows(ready, screen.truth.prepared, ([name]) => name, ([name, who, what]) =>
      el('button', { type: 'button', class: 'chip', 'aria-label': `Prepare ${name}: ${who} says ${what}`, click: () => {
        from.value = who || 'facilitator';
        said.value = what;
        said.focus();
      } }, name));
  };
  return node;
}

function menu(door) {
  const filter = el('input', { type: 'search', name: 'filter', autocomplete: 'off' });
  const list = listing('No fault of the menu is called so.', { class: 'lines faults', tabindex: '0', 'aria-label': 'Faults' });
  const node = part('Add a fault', field('Find', filter), list);
  let all = [];
  const make = (name) => el('li', { class: 'fault' }, el('span', {}, name),
    twice('Add', name, () => door.does({ add: { fault: name } }), door.say));
  const draw = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.fill(all.filter((name) => words.every((word) => name.toLowerCase().includes(word))), (name) => name, make);
  };
  filter.addEventListener('input', draw);
  node.change = (screen) => {
    if (all.length === screen.truth.menu.length && all.every((name, i) => name === screen.truth.menu[i])) return;
    all = screen.truth.menu;
    draw();
  };
  return node;
}

const log = () => lines('Everything that was done', 'Nothing yet.', (screen) => [...screen.truth.log].reverse());
const thoughts = () => lines('What they think', 'Nobody has written down what they think.', (screen) => screen.thoughts);

export function facilitator(door) {
  const clockwork = clock(door);
  const backwards = back(door);
  const chooses = (at_s) => {
    backwards.choose(at_s);
    backwards.scrollIntoView({ block: 'nearest' });
    backwards.querySelector('input[type=range]').focus({ preventScroll: true });
  };
  const after = back(door);
  const truth = [people(), story(chooses), backwards];
  const leads = [injects(door), speak(door)];
  const hears = [talk(door, false), thoughts(), log(), menu(door)];
  const sees = [alerts(door), boards(door), complaints(), status(door, false), done()];
  const briefing = about();
  const column = (parts) => el('div', { class: 'column' }, ...parts);
  const node = el('div', { class: 'view' },
    jumps([clockwork, ...truth, ...leads, ...hears, ...sees]), clockwork, briefing,
    el('div', { class: 'columns three' }, column(truth), column(leads), column(hears)),
    el('h2', { class: 'divide' }, 'What players see'),
    el('div', { class: 'columns player' }, column(sees.slice(0, 2)), column(sees.slice(2))));
  const all = [clockwork, briefing, ...truth, ...leads, ...hears, ...sees];
  return {
    node,
    change: (screen) => all.forEach((part) => part.change(screen)),
    tick: (screen) => [clockwork, backwards].forEach((part) => part.tick(screen)),
    // After the end there is still a way back.
    after,
    // To a moment that was chosen elsewhere.
    goes: (at_s) => {
      chooses(at_s);
      after.choose(at_s);
    },
  };
}
