// Draws a trace, or several below each other on the same time scale, as SVG.
//
// Places along the time are percentages, so nothing is drawn again when the window changes its width. What is too small
// to be told apart is joined: the number of elements depends on the lanes, not on the events.
globalThis.tracePicture = (() => {
  const SVG = 'http://www.w3.org/2000/svg';
  /** Bars that are closer than this are one bar, in % of the width. */
  const JOINED = 0.2;
  /** Marks that are closer than this are one mark. */
  const THINNED = 0.8;
  /** From this width on a bar has its own element and its name. */
  const NAMED = 2.5;

  const LABEL = 15;
  const BAR = 18;
  /** A bar inside a bar leaves so much of the outer one to be seen. */
  const STEP = 6;
  const GAP = 7;
  const AXIS = 20;
  const QUEUE = 34;

  const SHAPES = {
    spawn: 'M-4 0H4M0-4V4',
    wake: 'M-4 3L0-4L4 3Z',
    steal: 'M-5-2H3L0-5M5 2H-3L0 5',
    take: 'M0-5V4M-4 0L0 4L4 0',
    block: 'M0-6V1M0 4V6',
    hand_off: 'M0-6L6 0L0 6L-6 0Z',
    return: 'M5-4H-1A3.5 3.5 0 0 0-1 4H3M0 1L3 4L0 7',
    processor: 'M-4-4H4V4H-4Z',
    other: 'M0-4V4',
  };

  function element(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) {
      made.setAttribute(attribute, value);
    }
    made.append(...children);
    return made;
  }

  const percent = (value) => `${value.toFixed(3)}%`;

  /** How a bar looks: each look has a pattern of its own, not only a colour. */
  const lookOf = (bar) => (bar.kind === 'poll' && bar.isLong ? 'long' : bar.kind);

  const heightOf = (lane) => LABEL + BAR + Math.min(lane.deepest, 3) * STEP + GAP;

  let made = 0;

  /** Signs that a picture among others leaves out. */
  const FINE = ['spawn', 'wake', 'steal', 'take'];

  /** Whether a lane shows something that a picture among others is compared by. */
  const isBusy = ({ bars, marks }) =>
    bars.some(({ kind }) => kind !== 'park') || marks.some(({ kind }) => !FINE.includes(kind) && kind !== 'processor');

  /** One trace. `svg` is what is shown. Among others it shows less. */
  class Picture {
    constructor(model, isAmongOthers) {
      this.model = model;
      this.isAmongOthers = isAmongOthers;
      this.id = `trace-${(made += 1)}`;
      let top = AXIS;
      this.lanes = model.lanes.filter((lane) => !isAmongOthers || isBusy(lane)).map((lane) => {
        const place = { lane, top, height: heightOf(lane) };
        top += place.height;
        return place;
      });
      this.queueTop = top;
      this.deepestQueue = Math.max(0, ...model.queues.map(({ total }) => total));
      this.height = top + (model.queues.length ? QUEUE : 0) + 2;
      this.events = element('g', {});
      this.veil = element('rect', { class: 'trace-veil', y: 0, height: this.height });
      this.lead = element('g', {});
      this.cursor = element('line', { class: 'trace-cursor', y1: 0, y2: this.height });
      this.chosen = element('rect', { class: 'trace-chosen', rx: 2, fill: 'none' });
      this.active = element('rect', { class: 'trace-active', x: 0, width: '100%', rx: 3 });
      this.svg = element(
        'svg',
        { class: 'trace-picture', width: '100%', height: this.height, 'aria-hidden': 'true' },
        element('defs', {}, ...this.patterns()),
        this.active,
        this.events,
        this.veil,
        this.lead,
        this.chosen,
        this.cursor,
      );
    }

    patterns() {
      const hatch = (name, ...lines) =>
        element(
          'pattern',
          { id: `${this.id}-${name}`, width: 8, height: 8, patternUnits: 'userSpaceOnUse', class: `trace-fill-${name}` },
          element('rect', { width: 8, height: 8 }),
          element('path', { d: lines.join('') }),
        );
      return [
        hatch('long', 'M-2 2L2-2M0 8L8 0M6 10L10 6'),
        hatch('in-place', 'M-2 6L2 10M0 0L8 8M6-2L10 2'),
        hatch('closure', 'M0 2H8M0 6H8'),
      ];
    }

    /** Draws what lies between two times. */
    draw(from, to) {
      this.from = from;
      this.to = to;
      const parts = [...this.axis()];
      for (const place of this.lanes) {
        parts.push(...this.drawLane(place));
      }
      if (this.model.queues.length) {
        parts.push(...this.drawQueue());
      }
      this.events.replaceChildren(...parts);
    }

    x(at) {
      return ((at - this.from) / (this.to - this.from)) * 100;
    }

    axis() {
      const wish = (this.to - this.from) / 5;
      const power = 10 ** Math.floor(Math.log10(wish));
      const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= wish);
      const ticks = [];
      for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
        const x = this.x(at);
        const anchor = x < 4 ? 'start' : x > 94 ? 'end' : 'middle';
        ticks.push(element('line', { class: 'trace-tick', x1: percent(x), x2: percent(x), y1: 14, y2: this.height }));
        const text = element('text', { class: 'trace-label', x: percent(x), y: 11, 'text-anchor': anchor });
        text.textContent = globalThis.traceModel.time(at).replace(/\.0+ /, ' ');
        ticks.push(text);
      }
      return ticks;
    }

    drawLane({ lane, top }) {
      const name = element('text', { class: 'trace-label', x: 0, y: top + 11 });
      name.textContent = lane.name;
      const line = top + LABEL + BAR + Math.min(lane.deepest, 3) * STEP;
      const parts = [element('line', { class: 'trace-base', x1: 0, x2: '100%', y1: line, y2: line })];
      /** For each look and depth, the bar to which more may be joined. */
      const open = new Map();
      const close = (run) => parts.push(...this.drawRun(run, top));
      for (const bar of lane.bars) {
        if (bar.end < this.from || bar.at > this.to) {
          continue;
        }
        const depth = Math.min(bar.depth, 3);
        const key = `${lookOf(bar)} ${depth}`;
        const [begin, end] = [this.x(Math.max(bar.at, this.from)), this.x(Math.min(bar.end, this.to))];
        const run = open.get(key);
        const isSmall = end - begin < NAMED;
        if (run && isSmall && run.isSmall && begin - run.end < JOINED) {
          run.end = Math.max(run.end, end);
          run.bar = null;
        } else {
          if (run) {
            close(run);
          }
          open.set(key, { begin, end, bar, isSmall, depth, look: lookOf(bar) });
        }
      }
      open.forEach(close);
      const lasts = new Map();
      const marks = lane.marks.filter(({ kind }) => !this.isAmongOthers || !FINE.includes(kind));
      for (const mark of marks) {
        const x = this.x(mark.at);
        if (mark.at >= this.from && mark.at <= this.to && x - (lasts.get(mark.kind) ?? -10) >= THINNED) {
          lasts.set(mark.kind, x);
          const y = ['wake', 'spawn', 'take', 'block'].includes(mark.kind) ? top + 9 : top + LABEL + 4;
          const shape = element('path', { d: SHAPES[mark.kind] });
          const place = { x: percent(x), y, overflow: 'visible' };
          parts.push(element('svg', { ...place, class: `trace-mark trace-mark-${mark.kind}` }, shape));
        }
      }
      // Last, so that it can be read above the signs.
      return [...parts, name];
    }

    drawRun({ begin, end, bar, isSmall, depth, look }, top) {
      const y = top + LABEL + depth * STEP;
      const box = { x: percent(begin), width: percent(Math.max(end - begin, JOINED)), y, height: BAR };
      const fill = { long: 1, 'in-place': 1, closure: 1 }[look] ? { fill: `url(#${this.id}-${look})` } : {};
      if (look === 'park') {
        return [element('rect', { ...box, y: y + BAR / 2 - 2, height: 4, class: 'trace-bar trace-bar-park' })];
      }
      const rect = element('rect', { ...box, ...fill, class: `trace-bar trace-bar-${look}` });
      if (isSmall || !bar || bar.isCovered) {
        return [rect];
      }
      const text = element('text', { class: `trace-name trace-name-${look}`, x: 4, y: 13 });
      text.textContent = bar.kind === 'poll' && bar.task !== null ? bar.name : bar.name.replaceAll('_', ' ');
      return [rect, element('svg', box, text)];
    }

    drawQueue() {
      const top = this.queueTop + LABEL;
      const height = QUEUE - LABEL;
      const name = element('text', { class: 'trace-label', x: 0, y: this.queueTop + 11 });
      name.textContent = `tasks queued, at most ${this.deepestQueue}`;
      const parts = [name];
      // Of samples that fall onto the same spot the deepest is drawn, and then the last.
      const spots = [];
      for (const { at, total } of this.model.queues) {
        const x = Math.max(0, this.x(at));
        const spot = spots.at(-1);
        if (at > this.to) {
          break;
        }
        if (at < this.from) {
          spots[0] = { x: 0, most: total, last: total };
        } else if (spot && x - spot.x < JOINED) {
          spot.most = Math.max(spot.most, total);
          spot.last = total;
        } else {
          spots.push({ x, most: total, last: total });
        }
      }
      const step = (begin, end, total) => {
        const size = this.deepestQueue ? (total / this.deepestQueue) * height : 0;
        const box = { x: percent(begin), width: percent(end - begin), y: top + height - size, height: Math.max(size, 1) };
        parts.push(element('rect', { class: 'trace-queue', ...box }));
      };
      spots.forEach(({ x, most, last }, index) => {
        const end = spots[index + 1]?.x ?? 100;
        const middle = Math.min(x + JOINED, end);
        step(x, middle, most);
        step(middle, end, last);
      });
      return parts;
    }

    /** Shows the time to which the trace was played; what comes later lies behind a veil. At the begin all is seen. */
    moveTo(at) {
      this.veil.setAttribute('visibility', at > 0 ? 'visible' : 'hidden');
      const x = Math.min(Math.max(this.x(at), 0), 100);
      this.cursor.setAttribute('x1', percent(x));
      this.cursor.setAttribute('x2', percent(x));
      this.veil.setAttribute('x', percent(x));
      this.veil.setAttribute('width', percent(100 - x));
    }

    /** Frames a lane, or none. */
    activate(index) {
      const place = this.lanes[index];
      this.active.setAttribute('y', place?.top ?? 0);
      this.active.setAttribute('height', place ? place.height - 3 : 0);
    }

    /** Frames a bar and draws where the wake that led to it came from. */
    choose(index, bar) {
      this.lead.replaceChildren();
      const place = this.lanes[index];
      this.chosen.setAttribute('visibility', bar ? 'visible' : 'hidden');
      if (!bar) {
        return;
      }
      const [begin, end] = [this.x(bar.at), this.x(bar.end)];
      const y = place.top + LABEL + Math.min(bar.depth, 3) * STEP;
      this.chosen.setAttribute('x', percent(begin));
      this.chosen.setAttribute('width', percent(Math.max(end - begin, 0.6)));
      this.chosen.setAttribute('y', y);
      this.chosen.setAttribute('height', BAR);
      const lead = this.model.leads.find(({ to, end }) => to === place.lane && Math.abs(end - bar.at) < 0.01);
      const source = lead && this.lanes.find(({ lane }) => lane === lead.from);
      if (source) {
        const line = { x1: percent(this.x(lead.at)), y1: source.top + 9, x2: percent(begin), y2: y + BAR / 2 };
        this.lead.append(element('line', { class: 'trace-lead', ...line }));
      }
    }

    /** The lane, and the time, at a place of the drawing. */
    placeOf(event) {
      const box = this.svg.getBoundingClientRect();
      const y = event.clientY - box.top;
      const index = this.lanes.findIndex(({ top, height }) => y >= top && y < top + height);
      const at = this.from + ((event.clientX - box.left) / box.width) * (this.to - this.from);
      return { index, at };
    }
  }

  /** A small drawing of a sign, for the legend. The patterns are those of the picture with this id. */
  function sample(kind, id) {
    const svg = element('svg', { width: 26, height: 16, 'aria-hidden': 'true', class: 'trace-sample' });
    const fill = ['long', 'in-place', 'closure'].includes(kind) ? { fill: `url(#${id}-${kind})` } : {};
    if (kind === 'park') {
      svg.append(element('rect', { x: 1, y: 6, width: 24, height: 4, class: 'trace-bar trace-bar-park' }));
    } else if (!(kind in SHAPES) || kind === 'other') {
      svg.append(element('rect', { x: 1, y: 1, width: 24, height: 14, ...fill, class: `trace-bar trace-bar-${kind}` }));
    } else {
      svg.append(element('svg', { x: 13, y: 8, overflow: 'visible', class: `trace-mark trace-mark-${kind}` }, element('path', { d: SHAPES[kind] })));
    }
    return svg;
  }

  const ICONS = {
    play: 'M4 2L14 8L4 14Z',
    pause: 'M3 2H7V14H3ZM9 2H13V14H9Z',
    back: 'M2 2H4V14H2ZM14 2V14L5 8Z',
    on: 'M12 2H14V14H12ZM2 2V14L11 8Z',
    left: 'M11 3V13L4 8Z',
    right: 'M5 3V13L12 8Z',
    wider: 'M2 7H14V9H2Z',
    closer: 'M2 7H7V2H9V7H14V9H9V14H7V9H2Z',
    whole: 'M1 2H3V14H1ZM13 2H15V14H13ZM4 8L7 5V7H9V5L12 8L9 11V9H7V11Z',
  };

  /** What stands on a button; its label says the same. */
  const icon = (name) =>
    element('svg', { width: 16, height: 16, 'aria-hidden': 'true' }, element('path', { d: ICONS[name] }));

  return { Picture, sample, icon };
})();
