// What a seat sees and can do. The parts that the facilitator sees too are made here.

import { dashboards } from './charts.js';
import { el, field, form, line, lineKey, listing, mark, part, put, recipients, rows, short, text, twice } from './dom.js';

// Alerts, newest first. Opening one is written down.
export function alerts(door) {
  const list = listing('No alerts so far.', { tabindex: '0', 'aria-label': 'Alerts' });
  const node = part('Alerts', list);
  const make = (alert) => {
    const says = el('span', { class: 'says' });
    const state = el('span', { class: 'state' });
    const more = el('p', { class: 'faint' });
    const details = el('details', {}, el('summary', {}, says, state), more);
    details.addEventListener('toggle', () => { if (details.open) door.looks(alert.about); });
    const row = el('li', { class: 'alert' }, details);
    row.change = (alert, now) => {
      row.classList.toggle('over', alert.over !== null);
      put(says, alert.says);
      const ends = alert.over ? `over at ${short(alert.over, now)}` : `since ${short(alert.at, now)}`;
      put(state, alert.is_false ? `${ends}, a false alarm` : ends);
      put(more, `${alert.about}. Raised at ${alert.at}${alert.over ? `, over at ${alert.over}` : ', and still open'}.`);
    };
    return row;
  };
  node.change = (screen) => {
    const open = screen.alerts.filter((alert) => alert.over === null).length;
    node.count(open > 0 ? `${open} open` : '');
    node.classList.toggle('rings', open > 0);
    list.fill(screen.alerts, (alert) => `${alert.id} ${alert.at}`, make, (row, alert) => row.change(alert, screen.now));
  };
  return node;
}

export function boards(door) {
  const all = dashboards(door.seat, door.looks);
  const node = part('Dashboards', all);
  node.change = (screen) => all.change(screen);
  return node;
}

// Lines that only come and go.
export function lines(title, empty, of, attributes) {
  const list = listing(empty, { tabindex: '0', 'aria-label': title, ...attributes });
  const node = part(title, list);
  node.change = (screen) => list.fill(of(screen), lineKey, (item) => line(item, screen.now));
  return node;
}

export const complaints = () => lines('Complaints of users', 'Nobody has complained so far.', (screen) => screen.complaints);
export const done = () => lines('What was done', 'Nothing yet.', (screen) => screen.done);

// What is said: newest last, and the list stays at its end unless somebody reads further up.
export function talk(door, composes) {
  const list = listing('Nobody has said anything yet.', { class: 'lines talk', role: 'log', tabindex: '0', 'aria-label': 'Talk' });
  const node = part('Talk', list);
  const to = recipients(door.seat);
  if (composes) {
    const said = text({ name: 'say', placeholder: 'Say something to the others' });
    node.append(form('Say', [field('Message', said), to], async () => {
      const chosen = to.chosen();
      const deed = chosen.length > 0 ? { text: said.value, to: chosen } : { text: said.value };
      if (await door.does({ say: deed })) said.value = '';
    }));
  }
  node.change = (screen) => {
    to.fill(screen.seats);
    const box = list.list;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    list.fill(screen.talk, lineKey, (item) => line(item, screen.now));
    if (atEnd) box.scrollTop = box.scrollHeight;
  };
  return node;
}

export function status(door, tells) {
  const list = listing('The users have not been told anything.', { tabindex: '0', 'aria-label': 'Status page' });
  const node = part('Status page', list);
  if (tells) {
    const said = el('textarea', { rows: '2', maxlength: '1000', name: 'tell' });
    node.append(form('Tell the users', [field('What the users read', said)], async () => {
      if (await door.does({ tell: { text: said.value } })) said.value = '';
    }));
  }
  node.change = (screen) => list.fill(screen.status, lineKey, (item) => line(item, screen.now));
  return node;
}

function decide(door) {
  const said = el('textarea', { rows: '2', maxlength: '1000', name: 'decide' });
  const node = part('Decide', form('Write the decision down', [field('What is decided', said)], async () => {
    if (await door.does({ decide: { text: said.value } })) said.value = '';
  }));
  node.change = () => {};
  return node;
}

function think(door) {
  const said = text({ name: 'think' });
  const about = el('select', { name: 'about' }, el('option', { value: '' }, 'I do not know yet'));
  const list = listing('Write it down early, and again when you change your mind: the review shows when you knew.',
    { tabindex: '0', 'aria-label': 'What you thought' });
  const node = part('What do you think is going on?',
    form('Note it', [field('In your words', said), field('It is', about)], async () => {
      if (await door.does({ think: about.value ? { text: said.value, about: about.value } : { text: said.value } })) {
        said.value = '';
        about.value = '';
      }
    }), list);
  const known = el('optgroup', { label: 'Something of the system' });
  about.append(known);
  node.change = (screen) => {
    rows(known, screen.suspects, (name) => name, (name) => el('option', { value: name }, name));
    list.fill(screen.thoughts, lineKey, (item) => line({ ...item, from: '' }, screen.now));
  };
  return node;
}

const VERBS = {
  order: 'Order', switch_over: 'Switch over', call_vendor: 'Call', repair_for_good: 'Have it repaired',
  announce_maintenance: 'Announce', begin_maintenance: 'Begin', call_off_maintenance: 'Call off',
};
const STATES = { ready: '', ordered: 'ordered', in_effect: 'in effect', over: 'taken back' };

// What can be done, with what it takes.
function offers(door) {
  const list = listing('Nothing can be done from this seat now.', { class: 'offers' });
  const node = part('What you can do', list);
  const make = (offer) => {
    const state = el('span', { class: 'state' });
    const about = el('p', {});
    const terms = el('ul', { class: 'terms' });
    const press = twice(VERBS[Object.keys(offer.deed)[0]] ?? 'Do it', offer.title, () => {
      const { deed, back, state } = row.offer;
      return door.does(back && (state === 'ordered' || state === 'in_effect') ? back : deed);
    }, door.say);
    const row = el('li', { class: 'offer' },
      el('div', { class: 'what' }, el('h3', {}, offer.title, state), about, terms), press);
    row.change = (offer) => {
      row.offer = offer;
      const going = offer.state === 'ordered' || offer.state === 'in_effect';
      put(state, STATES[offer.state] ?? '');
      mark(row, 'data-state', offer.state);
      put(about, offer.about);
      about.hidden = offer.about === '';
      terms.hidden = offer.terms.length === 0;
      rows(terms, offer.terms, (term) => term, (term) => el('li', {}, term));
      press.call(going && offer.back ? 'Take back' : VERBS[Object.keys(offer.deed)[0]] ?? 'Do it');
    };
    return row;
  };
  node.change = (screen) => list.fill(screen.offers, (offer) => JSON.stringify(offer.deed), make, (row, offer) => row.change(offer));
  return node;
}

// Who sits where, and what it is about: what stays the same is folded away.
export function about() {
  const told = el('p', { class: 'briefing' });
  const seats = el('ul', { class: 'seats' });
  const learning = el('ul', { class: 'learning' });
  const aims = el('div', {}, el('h3', {}, 'What is to be learned'), learning);
  const details = el('details', {}, el('summary', {}, 'Briefing, and who sits where'), told, aims, el('h3', {}, 'Seats'), seats);
  const node = el('section', { class: 'part quiet', 'aria-label': 'Briefing' }, details);
  let first = true;
  node.change = (screen) => {
    if (first) details.open = screen.now_s === screen.from_s;
    first = false;
    put(told, screen.briefing);
    const learn = screen.truth?.learning ?? [];
    aims.hidden = learn.length === 0;
    rows(learning, learn, (aim) => aim, (aim) => el('li', {}, aim));
    rows(seats, screen.seats, ([name]) => name, ([name]) => el('li', {}, el('b', {}, name), el('span', {})), (row, [, who]) => {
      const named = who.map((name) => name || 'somebody').join(', ');
      put(row.lastChild, named ? ` ${named}` : ' nobody yet');
    });
  };
  return node;
}

// On a phone the parts stand below each other: a way to each of them.
export function jumps(parts) {
  const links = parts.map((part) => {
    const title = part.querySelector('h2').firstChild.textContent;
    return el('button', { type: 'button', click: () => {
      part.scrollIntoView();
      part.focus({ preventScroll: true });
    } }, title);
  });
  return el('nav', { class: 'jumps', 'aria-label': 'Parts of this page' }, ...links);
}

export function player(door, screen) {
  const may = (...duties) => duties.some((duty) => screen.duties.includes(duty));
  const sees = [alerts(door), boards(door), complaints()];
  const acts = [];
  if (may('operates', 'repairs', 'decides', 'tells')) acts.push(offers(door));
  if (may('decides')) acts.push(decide(door));
  const does = [talk(door, true), ...acts, think(door), status(door, may('tells')), done()];
  const briefing = about();
  const node = el('div', { class: 'view' }, jumps([...sees, ...does]), briefing,
    el('div', { class: 'columns player' }, el('div', { class: 'column' }, ...sees), el('div', { class: 'column' }, ...does)));
  const all = [briefing, ...sees, ...does];
  return { node, change: (screen) => all.forEach((part) => part.change(screen)) };
}
