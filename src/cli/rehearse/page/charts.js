// Dashboards: one thing, measured. What got lost is a gap, and nothing is drawn that nobody measured.

import { el, mark, put, rows, short, svg } from './dom.js';

// A drawing is a square of hundredths, stretched to whatever place there is; words stand around it and keep their size.
const SIDE = 100;
const HEADROOM = 4;
// A drawing does not grow with every measurement, but once there are so many.
const SLOTS = 30;

const share = (value) => `${+(value * 100).toFixed(value < 0.1 ? 1 : 0)}%`;
const count = (value) => {
  if (value >= 1e6) return `${+(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  return String(Math.round(value));
};
const length = (value) => {
  if (value === 0) return '0 s';
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${+value.toFixed(value < 10 ? 1 : 0)} s`;
  if (value < 7200) return `${+(value / 60).toFixed(value < 600 ? 1 : 0)} min`;
  return `${+(value / 3600).toFixed(1)} h`;
};

// What each is called, how its values are written, and which height a drawing has at least.
const MEASURES = {
  errors: { name: 'errors', unit: 'of requests', write: share, least: 0.1 },
  latency: { name: 'latency', unit: '95th percentile', write: length, least: 1 },
  users: { name: 'active users', unit: 'people', write: count, least: 10 },
  load: { name: 'load', unit: 'of all workers', write: share, least: 1 },
  age: { name: 'age', unit: 'oldest item', write: length, least: 60 },
  lag: { name: 'lag', unit: 'behind the primary', write: length, least: 10 },
};

// A round number above a value, so that the axis seldom changes.
function ceiling(value, least) {
  const top = Math.max(value, least);
  const ten = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 2.5, 5, 10].map((step) => step * ten).find((step) => step >= top * 0.999) ?? top;
}

function paths(points, slots, top) {
  const x = (i) => ((slots - points.length + i) / Math.max(1, slots - 1)) * SIDE;
  const y = (value) => SIDE - (Math.min(value, top) / top) * (SIDE - HEADROOM);
  let curve = '';
  let area = '';
  let start = null;
  points.forEach((value, i) => {
    if (value == null) return;
    const at = `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    const begins = points[i - 1] == null;
    const ends = points[i + 1] == null;
    curve += `${begins ? 'M' : 'L'}${at}`;
    // A measurement between two gaps is a dot.
    if (begins && ends) curve += 'h0.01';
    if (begins) start = x(i);
    area += `${begins ? `M${x(i).toFixed(1)} ${SIDE}L` : 'L'}${at}`;
    if (ends) area += `V${SIDE}H${start.toFixed(1)}Z`;
  });
  return { curve, area };
}

function chart(panel) {
  const kind = MEASURES[panel.measures];
  const label = (name) => el('span', { class: name });
  const parts = {
    value: el('b', { class: 'value' }),
    area: svg('path', { class: 'area' }),
    curve: svg('path', { class: 'curve' }),
    top: label('top'),
    oldest: label('oldest'),
    newest: label('newest'),
  };
  parts.drawing = svg('svg', { viewBox: `0 0 ${SIDE} ${SIDE}`, preserveAspectRatio: 'none', role: 'img' },
    svg('path', { class: 'grid', d: `M0 ${HEADROOM}H${SIDE}M0 ${(SIDE + HEADROOM) / 2}H${SIDE}` }), parts.area, parts.curve);
  const node = el('figure', { class: 'chart' },
    el('figcaption', {}, el('span', {}, kind.name, el('small', {}, ` ${kind.unit}`)), parts.value),
    el('div', { class: 'drawn' },
      el('div', { class: 'axis up', 'aria-hidden': 'true' }, parts.top, el('span', {}, '0')), parts.drawing,
      el('div', { class: 'axis along', 'aria-hidden': 'true' }, parts.oldest, parts.newest)));
  node.change = (panel, now) => change(kind, panel, now, parts);
  return node;
}

function change(kind, panel, now, parts) {
  const known = panel.points.filter((point) => point != null);
  const top = ceiling(Math.max(0, ...known), kind.least);
  const slots = Math.max(SLOTS, panel.points.length);
  const { curve, area } = paths(panel.points, slots, top);
  mark(parts.curve, 'd', curve);
  mark(parts.area, 'd', area);
  put(parts.top, kind.write(top));
  const last = panel.points.at(-1);
  const is = last == null ? 'no data' : kind.write(last);
  put(parts.value, is);
  const minutes = (civil) => short(civil, now).replace(/:\d\d$/, '');
  // The left end is a time of the run only once there are measurements as far as that.
  put(parts.oldest, panel.points.length === slots ? minutes(panel.oldest) : '');
  put(parts.newest, panel.points.length > 0 ? `measured until ${minutes(panel.newest)}` : 'nothing measured yet');
  const most = known.length > 0 ? `; at most ${kind.write(Math.max(...known))} since ${minutes(panel.oldest)}` : '';
  mark(parts.drawing, 'aria-label', `${kind.name} of ${panel.of}, ${kind.unit}: ${is}${most}`);
}

const GROUPS = { errors: 'Users', load: 'Services', age: 'Queues', lag: 'Stores' };

// All dashboards: which there are, and those that are open. What was opened stays open, in this browser.
export function dashboards(seat, looks) {
  const choice = el('div', { class: 'choice' });
  const open = el('div', { class: 'open' });
  const none = el('p', { class: 'faint none' }, 'Open one to look at it.');
  const key = `open ${seat}`;
  const chosen = new Set(read(key));
  let screen = null;
  const toggle = (of) => {
    if (chosen.has(of)) chosen.delete(of);
    else {
      chosen.add(of);
      // Each of its measurements, as alerts are called: the review tells what nobody looked at.
      for (const panel of screen.panels) if (panel.of === of) looks(`${of}: ${panel.measures}`);
    }
    sessionStorage.setItem(key, JSON.stringify([...chosen]));
    draw();
  };
  const button = (of) => el('button', { type: 'button', class: 'chip', click: () => toggle(of) }, of);
  const group = ([name]) => {
    const chips = el('div', { class: 'chips', role: 'group', 'aria-label': `Dashboards of ${name.toLowerCase()}` });
    const node = el('div', { class: 'group' }, el('span', { class: 'faint' }, name), chips);
    node.chips = chips;
    return node;
  };
  const draw = () => {
    const groups = new Map();
    for (const panel of screen.panels) {
      const name = GROUPS[panel.measures];
      if (name) groups.set(name, [...(groups.get(name) ?? []), panel.of]);
    }
    rows(choice, [...groups], ([name]) => name, group, (node, [, things]) => {
      rows(node.chips, things, (of) => of, button, (chip, of) => mark(chip, 'aria-pressed', chosen.has(of)));
    });
    const shown = [...new Set(screen.panels.map((panel) => panel.of))].filter((of) => chosen.has(of));
    none.hidden = shown.length > 0;
    rows(open, shown, (of) => of, board, (node, of) => {
      const panels = screen.panels.filter((panel) => panel.of === of);
      rows(node.charts, panels, (panel) => panel.measures, chart, (figure, panel) => figure.change(panel, screen.now));
    });
  };
  const node = el('div', { class: 'dashboards' }, choice, none, open);
  node.change = (now) => {
    screen = now;
    draw();
  };
  return node;
}

function board(of) {
  const charts = el('div', { class: 'charts' });
  const node = el('section', { class: 'board', 'aria-label': `Dashboard of ${of}` }, el('h3', {}, of), charts);
  node.charts = charts;
  return node;
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
}
