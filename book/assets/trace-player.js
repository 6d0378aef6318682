// <trace-player src="traces/s7.json"> replays a trace, or several on one time scale: `src` may name more than one.
//
// What is inside the element, a picture and a table made when the book was built, stays where there are no scripts and
// on paper. `data-state` is "loading", "ready" or "failed".
(() => {
  const { read, describe, details, now, barAt, NoTrace, time } = globalThis.traceModel;
  const { Picture, sample, icon } = globalThis.tracePicture;
  const SLOWER = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];
  /** How long playing a whole trace may take at the speed it begins with, in s. */
  const WHOLE = 15;
  /** With reduced motion nothing slides: play goes from one main event to the next, in ms. */
  const STILL = 1_500;
  const stays = window.matchMedia('(prefers-reduced-motion: reduce)');

  const KEYS = [
    ['Space', 'play and pause'],
    ['← and →', 'one event back or on'],
    ['Shift with ← or →', 'to the last or next main event: a long bar, a hand-off, a return, a finding of the monitor'],
    ['Home and End', 'to the begin and the end'],
    ['↑ and ↓', 'another thread'],
    [', and .', 'the bar before or after, in this thread'],
    ['+ and -', 'closer and wider'],
    ['0', 'the whole trace'],
  ];
  const LEGEND = [
    ['poll', 'a poll'],
    ['long', 'a poll of 10 ms or more, or one that the monitor found blocked'],
    ['in-place', 'a block_in_place'],
    ['closure', 'a closure of spawn_blocking'],
    ['park', 'asleep, or waiting in the reactor'],
    ['other', 'a span of another program'],
    ['spawn', 'spawns a task'],
    ['wake', 'wakes a task'],
    ['steal', 'steals tasks'],
    ['take', 'takes tasks from the queue of all'],
    ['block', 'finds a thread stuck'],
    ['hand_off', 'hands a processor on'],
    ['processor', 'takes a processor'],
    ['return', 'comes back without its processor'],
  ];

  function html(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) {
      made.setAttribute(attribute, value);
    }
    made.append(...children);
    return made;
  }

  /** The text of a file of the book. A page that was opened as a file may not fetch, but it may load scripts. */
  async function load(source) {
    if (window.location.protocol !== 'file:') {
      const answer = await fetch(source);
      if (!answer.ok) {
        throw new NoTrace(`${source} could not be had (${answer.status}).`);
      }
      return answer.text();
    }
    globalThis.traceFiles ??= {};
    await new Promise((resolve, reject) => {
      const script = html('script', { src: source.replace(/json$/, 'js') });
      script.onload = resolve;
      script.onerror = () => reject(new NoTrace(`${source} could not be had.`));
      document.head.append(script);
    });
    return globalThis.traceFiles[source.split('/').at(-1)];
  }

  class TracePlayer extends HTMLElement {
    connectedCallback() {
      if (this.dataset.state || window.location.pathname.endsWith('/print.html')) {
        return;
      }
      const sources = (this.getAttribute('src') ?? '').split(/\s+/).filter(Boolean);
      if (sources.length) {
        this.dataset.state = 'loading';
        Promise.all(sources.map(load))
          .then((texts) => this.show(texts.map(read)))
          .catch((error) => {
            this.dataset.state = 'failed';
            this.append(html('p', { role: 'alert' }, `The player has no trace to show. ${error.message}`));
          });
      }
    }

    disconnectedCallback() {
      this.pause?.();
    }

    /** Shows these traces below each other. */
    show(models) {
      this.panels = models.map((model) => ({ model, picture: new Picture(model, models.length > 1), now: html('p', { class: 'trace-now' }) }));
      this.duration = Math.max(...models.map(({ duration }) => duration));
      this.lanes = this.panels.flatMap((panel) => panel.picture.lanes.map(({ lane }, index) => ({ panel, lane, index })));
      this.active = Math.max(0, this.lanes.findIndex(({ lane }) => lane.bars.some(({ kind }) => kind !== 'park')));
      this.at = 0;
      this.chosen = null;
      this.querySelector('.trace-live')?.remove();
      this.prepend(this.build());
      this.see(0, this.duration);
      this.addEventListener('keydown', (event) => this.key(event));
      this.dataset.state = 'ready';
      this.moveTo(0);
      this.step.textContent = this.hint();
    }

    hint() {
      const count = this.panels.reduce((sum, { model }) => sum + model.moments.length, 0);
      return `${count} events in ${time(this.duration)}. Play, or go from event to event.`;
    }

    build() {
      const several = this.panels.length > 1;
      const titles = this.panels.map(({ model }) => model.title);
      this.field = html('div', {
        class: 'trace-field',
        role: 'application',
        tabindex: '0',
        'aria-label': `Time line: ${titles.join(', ')}. The keys are listed below.`,
      });
      for (const panel of this.panels) {
        const head = several ? [html('p', { class: 'trace-title' }, panel.model.title)] : [];
        this.field.append(html('div', { class: 'trace-panel' }, ...head, panel.picture.svg, panel.now));
        panel.picture.svg.addEventListener('click', (event) => this.click(panel, event));
      }
      this.step = html('p', { class: 'trace-step', 'aria-live': 'polite' });
      this.chosenText = html('p', { class: 'trace-details', 'aria-live': 'polite' });
      const notes = this.panels.flatMap(({ model }) => model.notes);
      return html(
        'div',
        { class: 'trace-live' },
        this.controls(),
        this.step,
        this.field,
        this.chosenText,
        ...notes.map((note) => html('p', { class: 'trace-note' }, note)),
        this.help(),
      );
    }

    controls() {
      const button = (name, label, action) => {
        const made = html('button', { type: 'button', 'aria-label': label, title: label }, icon(name));
        made.addEventListener('click', action);
        return made;
      };
      this.play = button('play', 'Play', () => this.toggle());
      this.range = html('input', { type: 'range', min: 0, max: 1_000, value: 0, 'aria-label': 'Time' });
      this.range.addEventListener('input', () => this.goTo((this.range.value / 1_000) * this.duration));
      this.clock = html('output', { class: 'trace-clock' });
      const slower = SLOWER.find((factor) => this.duration * factor >= WHOLE * 1e6 * 0.5) ?? SLOWER.at(-1);
      this.speed = html('select', { 'aria-label': 'Speed' });
      for (const factor of SLOWER) {
        const name = factor === 1 ? 'as it was' : `${factor} × slower`;
        this.speed.append(new Option(name, factor, false, factor === slower));
      }
      return html(
        'div',
        { class: 'trace-controls', role: 'group', 'aria-label': 'Player' },
        this.play,
        button('back', 'Last main event', () => this.go(-1, true)),
        button('left', 'One event back', () => this.go(-1, false)),
        button('right', 'One event on', () => this.go(1, false)),
        button('on', 'Next main event', () => this.go(1, true)),
        button('wider', 'Wider', () => this.zoom(2)),
        button('closer', 'Closer', () => this.zoom(0.5)),
        button('whole', 'The whole trace', () => this.see(0, this.duration)),
        this.speed,
        this.clock,
        this.range,
      );
    }

    help() {
      const kinds = new Set(['poll', 'park']);
      for (const { lane } of this.lanes) {
        lane.bars.forEach((bar) => kinds.add(bar.kind).add(bar.isLong && bar.kind === 'poll' ? 'long' : bar.kind));
        lane.marks.forEach((mark) => kinds.add(mark.kind));
      }
      const { id } = this.panels[0].picture;
      const legend = html('ul', { class: 'trace-legend' });
      for (const [kind, text] of LEGEND.filter(([kind]) => kinds.has(kind))) {
        legend.append(html('li', {}, sample(kind, id), text));
      }
      const keys = html('dl', { class: 'trace-keys' });
      for (const [key, text] of KEYS) {
        keys.append(html('dt', {}, key), html('dd', {}, text));
      }
      const part = (title, content) => html('details', {}, html('summary', {}, title), content);
      return html('div', { class: 'trace-help' }, part('What the signs mean', legend), part('Keys', keys));
    }

    /** The keys work in the whole player, but not where an element needs them itself. */
    key(event) {
      const { key, target, shiftKey } = event;
      if (event.ctrlKey || event.altKey || event.metaKey || target.closest('select, summary')) {
        return;
      }
      const isButton = target.closest('button, a');
      const isRange = target === this.range;
      const actions = {
        ' ': () => !isButton && this.toggle(),
        ArrowLeft: () => !isRange && this.go(-1, shiftKey),
        ArrowRight: () => !isRange && this.go(1, shiftKey),
        ArrowUp: () => !isRange && this.activate(this.active - 1),
        ArrowDown: () => !isRange && this.activate(this.active + 1),
        Home: () => !isRange && this.goTo(0),
        End: () => !isRange && this.goTo(this.duration),
        ',': () => this.goToBar(-1),
        '.': () => this.goToBar(1),
        '+': () => this.zoom(0.5),
        '=': () => this.zoom(0.5),
        '-': () => this.zoom(2),
        0: () => this.see(0, this.duration),
      };
      // The pages' own keys are not ours to pass on: the arrows turn the pages of the book.
      if (key in actions && actions[key]() !== false) {
        event.preventDefault();
        event.stopPropagation();
      } else if (isRange) {
        event.stopPropagation();
      }
    }

    click(panel, event) {
      const { index, at } = panel.picture.placeOf(event);
      this.goTo(at);
      const active = this.lanes.findIndex((entry) => entry.panel === panel && entry.index === index);
      if (active >= 0) {
        this.activate(active, barAt(this.lanes[active].lane, at));
      }
    }

    toggle() {
      if (this.frame) {
        this.pause();
        return;
      }
      if (this.at >= this.duration) {
        this.moveTo(0);
      }
      this.name(this.play, 'pause', 'Pause');
      let last = performance.now();
      const tick = (at) => {
        const passed = at - last;
        if (stays.matches) {
          if (passed >= STILL) {
            last = at;
            this.go(1, true, true);
          }
        } else {
          last = at;
          this.advance((passed * 1_000) / Number(this.speed.value));
        }
        if (this.at >= this.duration) {
          this.pause();
        } else if (this.frame) {
          this.frame = requestAnimationFrame(tick);
        }
      };
      this.frame = requestAnimationFrame(tick);
    }

    pause() {
      cancelAnimationFrame(this.frame ?? 0);
      this.frame = null;
      if (this.play) {
        this.name(this.play, 'play', 'Play');
      }
    }

    name(button, sign, label) {
      button.replaceChildren(icon(sign));
      button.setAttribute('aria-label', label);
      button.title = label;
    }

    /** Plays on. Only main events are told on the way: nobody could listen to the others. */
    advance(length) {
      const [before, after] = [this.at, Math.min(this.at + length, this.duration)];
      this.moveTo(after);
      const { model } = this.lanes[this.active].panel;
      const main = model.moments.findLast(({ at, isMain }) => isMain && at > before && at <= after);
      if (main) {
        this.tell(model, main);
      }
    }

    /** To the event before or after, of the trace whose lane is active. */
    go(direction, isMain, keepsPlaying = false) {
      if (!keepsPlaying) {
        this.pause();
      }
      const { model } = this.lanes[this.active].panel;
      const { moments } = model;
      const fits = (moment) => !isMain || moment.isMain;
      let index = this.moment && moments[this.moment.index] === this.moment.what && this.moment.what.at === this.at
        ? this.moment.index + direction
        : direction > 0
          ? moments.findIndex(({ at }) => at >= this.at)
          : moments.findLastIndex(({ at }) => at <= this.at);
      while (moments[index] && !fits(moments[index])) {
        index += direction;
      }
      const what = moments[index];
      if (!what || index < 0) {
        this.moveTo(direction > 0 ? this.duration : 0);
        this.step.textContent = direction > 0 ? 'The end.' : 'The begin.';
        return;
      }
      this.moment = { index, what };
      this.moveTo(what.at);
      const lane = this.lanes.findIndex((entry) => entry.lane === what.lane);
      this.activate(lane, what.bar ?? null);
      this.tell(model, what);
    }

    tell(model, moment) {
      this.step.textContent = `${time(moment.at)}: ${describe(model, moment)}.`;
    }

    goTo(at) {
      this.pause();
      this.moment = null;
      this.moveTo(Math.min(Math.max(at, 0), this.duration));
      this.step.textContent = `${time(this.at)} of ${time(this.duration)}.`;
    }

    goToBar(direction) {
      const { lane } = this.lanes[this.active];
      const from = lane.bars.indexOf(this.chosen);
      const index =
        from >= 0
          ? from + direction
          : direction > 0
            ? lane.bars.findIndex(({ at }) => at >= this.at)
            : lane.bars.findLastIndex(({ at }) => at < this.at);
      const bar = lane.bars[index];
      if (bar) {
        this.goTo(bar.at);
        this.activate(this.active, bar);
      }
    }

    /** Makes a lane the one that keys act on, and a bar of it the one that is told about. */
    activate(index, bar = null) {
      if (!this.lanes[index]) {
        return;
      }
      this.active = index;
      this.chosen = bar;
      const { panel, lane, index: place } = this.lanes[index];
      for (const other of this.panels) {
        other.picture.activate(other === panel ? place : -1);
        other.picture.choose(other === panel ? place : -1, other === panel ? bar : null);
      }
      const head = this.panels.length > 1 ? `${panel.model.title}, ` : '';
      this.chosenText.textContent = bar ? head + details(lane, bar) : `${head}${lane.name}: ${lane.bars.length} bars; the keys , and . go from one to the next.`;
    }

    zoom(factor) {
      const length = Math.min(Math.max((this.to - this.from) * factor, 1), this.duration);
      const from = Math.min(Math.max(this.at - length / 2, 0), this.duration - length);
      this.see(from, from + length);
    }

    /** Shows the time between these two. */
    see(from, to) {
      [this.from, this.to] = [from, to];
      for (const { picture } of this.panels) {
        picture.draw(from, to);
        picture.moveTo(this.at);
      }
      this.activate(this.active, this.chosen);
    }

    /** The time is now `at`; the picture follows it. */
    moveTo(at) {
      this.at = at;
      if (at < this.from || at > this.to) {
        const length = this.to - this.from;
        const from = Math.min(Math.max(at - length * 0.1, 0), this.duration - length);
        this.see(from, from + length);
      }
      for (const { model, picture, now: text } of this.panels) {
        picture.moveTo(at);
        text.textContent = now(model, at, this.panels.length > 1);
      }
      this.range.value = String((at / this.duration) * 1_000);
      this.range.setAttribute('aria-valuetext', time(at));
      this.clock.textContent = time(at);
    }
  }

  customElements.define('trace-player', TracePlayer);
})();
