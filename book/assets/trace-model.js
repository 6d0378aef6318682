// Reads a trace: text in the Trace Event Format becomes threads with bars and marks, queue depths, and moments.
//
// It knows the events of this runtime's traces and takes those of other programs as far as they go: what it does not
// know it counts, and says so. Nothing here touches the page.
globalThis.traceModel = (() => {
  /** From here on a poll is drawn as one that keeps its thread from the others, in µs. */
  const LONG = 10_000;
  /** No more lanes than can be looked at; the busiest are kept. */
  const LANES = 24;

  const BARS = { poll: 'poll', park: 'park', block_in_place: 'in-place', spawn_blocking: 'closure' };
  const MARKS = ['spawn', 'wake', 'steal', 'take', 'block', 'hand_off', 'return', 'processor'];
  const MAIN_MARKS = ['block', 'hand_off', 'return'];

  /** What is wrong with a file, in a sentence for the reader. */
  class NoTrace extends Error {}

  /** The list of events and what is said beside it, from the text of a file. */
  function events(text) {
    let file;
    try {
      file = JSON.parse(text);
    } catch (error) {
      // A list that a program died over has no end; the format allows that.
      const unended = text.trimEnd().replace(/,$/, '');
      try {
        file = unended.startsWith('[') ? JSON.parse(`${unended}]`) : null;
      } catch {
        file = null;
      }
      if (!file) {
        throw new NoTrace(`It is not JSON: ${error.message}.`);
      }
    }
    const list = Array.isArray(file) ? file : file?.traceEvents;
    if (!Array.isArray(list)) {
      throw new NoTrace('It is JSON, but no trace: it has no list named "traceEvents".');
    }
    return { list, other: file.otherData ?? {} };
  }

  /** Ends what `B` began, for files that write a span as two events. */
  function joined(list, notes) {
    const open = new Map();
    const spans = [];
    let unpaired = 0;
    for (const event of list) {
      const key = `${event?.pid}/${event?.tid}`;
      if (event?.ph === 'B') {
        open.set(key, [...(open.get(key) ?? []), event]);
      } else if (event?.ph === 'E') {
        const begun = open.get(key)?.pop();
        if (begun) {
          spans.push({ ...begun, ph: 'X', dur: event.ts - begun.ts, args: { ...begun.args, ...event.args } });
        } else {
          unpaired += 1;
        }
      }
    }
    for (const left of open.values()) {
      unpaired += left.length;
    }
    if (unpaired) {
      notes.push(`${unpaired} spans have a begin without an end, or an end without a begin.`);
    }
    return spans;
  }

  function bar(event, isOurs) {
    const args = event.args ?? {};
    const known = isOurs || ['poll', 'idle'].includes(event.cat);
    const kind = (known && (BARS[event.name] ?? BARS[event.cat])) || 'other';
    const length = Number.isFinite(event.dur) && event.dur > 0 ? event.dur : 0;
    return {
      kind,
      at: event.ts,
      end: event.ts + length,
      name: String(event.name ?? 'without a name'),
      task: args.task ?? null,
      result: args.result ?? null,
      processor: args.processor ?? null,
      where: args.where ?? null,
      isLong: length >= LONG && kind !== 'park' && kind !== 'other',
      verdict: null,
      /** Whether a bar inside it hides most of it. */
      isCovered: false,
    };
  }

  /** The trace in a file's text. */
  function read(text) {
    const { list, other } = events(text);
    const isOurs = other.format === 'reference-runtime-trace';
    const notes = [];
    const threads = new Map();
    const unknown = new Map();
    const samples = [];
    const wakes = new Map();
    const leads = [];

    const thread = (event) => {
      const key = `${event.pid ?? 1}/${event.tid ?? 0}`;
      if (!threads.has(key)) {
        threads.set(key, { key, tid: event.tid ?? 0, name: `thread ${event.tid ?? 0}`, order: null, bars: [], marks: [] });
      }
      return threads.get(key);
    };
    let process = null;
    const miss = (what) => unknown.set(what, (unknown.get(what) ?? 0) + 1);

    for (const event of [...list, ...joined(list, notes)]) {
      if (event === null || typeof event !== 'object') {
        miss('entries that are no events');
      } else if (event.ph === 'M') {
        if (event.name === 'process_name' && event.args?.name) {
          process ??= String(event.args.name);
        } else if (event.name === 'thread_name' && event.args?.name) {
          thread(event).name = String(event.args.name);
        } else if (event.name === 'thread_sort_index') {
          thread(event).order = Number(event.args?.sort_index ?? 0);
        }
      } else if (event.ph === 'B' || event.ph === 'E') {
        // Joined above.
      } else if (!Number.isFinite(event.ts)) {
        miss('events without a time');
      } else if (event.ph === 'X') {
        thread(event).bars.push(bar(event, isOurs));
      } else if (event.ph === 'i' || event.ph === 'I') {
        const kind = MARKS.includes(event.name) ? event.name : 'other';
        const mark = { kind, at: event.ts, name: String(event.name ?? ''), args: event.args ?? {} };
        thread(event).marks.push(mark);
      } else if (event.ph === 'C') {
        samples.push({ at: event.ts, name: String(event.name), values: event.args ?? {} });
      } else if (event.ph === 's') {
        wakes.set(event.id, { at: event.ts, from: thread(event) });
      } else if (event.ph === 'f') {
        const wake = wakes.get(event.id);
        if (wake) {
          leads.push({ ...wake, to: thread(event), end: event.ts });
        }
      } else {
        miss(`events of the kind "${event.ph}"`);
      }
    }
    return finished({ isOurs, other, process, notes, unknown, threads: [...threads.values()], samples, leads });
  }

  function finished({ isOurs, other, process, notes, unknown, threads, samples, leads }) {
    if (!isOurs) {
      notes.push('It is not a trace of this runtime: spans are shown as bars, and what they mean is not known.');
    } else if (other.version !== 1) {
      notes.push(`It is of version ${other.version}, and this page knows version 1.`);
    }
    if (other.dropped) {
      notes.push(`The recorder dropped ${other.dropped} events: something is missing in it.`);
    }
    for (const [what, count] of unknown) {
      notes.push(`${count} ${what} are not shown.`);
    }

    let lanes = threads.filter(({ bars, marks }) => bars.length + marks.length > 0);
    if (lanes.length > LANES) {
      notes.push(`Of ${lanes.length} threads the ${LANES} with the most events are shown.`);
      const size = (lane) => lane.bars.length + lane.marks.length;
      const kept = new Set([...lanes].sort((one, two) => size(two) - size(one)).slice(0, LANES));
      lanes = lanes.filter((lane) => kept.has(lane));
    }
    lanes.sort((one, two) => (one.order ?? one.tid) - (two.order ?? two.tid));

    // Files of other programs count from when the machine was started.
    let origin = isOurs ? 0 : Infinity;
    let last = 0;
    for (const { bars, marks } of lanes) {
      for (const { at } of [...bars, ...marks]) {
        origin = Math.min(origin, at);
      }
    }
    const shift = Number.isFinite(origin) ? origin : 0;
    for (const lane of lanes) {
      lane.bars.sort((one, two) => one.at - two.at || two.end - one.end);
      lane.marks.sort((one, two) => one.at - two.at);
      let deepest = 0;
      const open = [];
      for (const bar of lane.bars) {
        bar.at -= shift;
        bar.end -= shift;
        last = Math.max(last, bar.end);
        while (open.length && open.at(-1).end <= bar.at) {
          open.pop();
        }
        bar.depth = open.length;
        bar.around = open.at(-1) ?? null;
        if (bar.around && (bar.end - bar.at) * 2 > bar.around.end - bar.around.at) {
          bar.around.isCovered = true;
        }
        open.push(bar);
        deepest = Math.max(deepest, bar.depth);
      }
      lane.deepest = deepest;
      lane.end = lane.bars.reduce((end, bar) => Math.max(end, bar.end), 0);
      for (const mark of lane.marks) {
        mark.at -= shift;
        last = Math.max(last, mark.at);
      }
    }
    if (lanes.length === 0) {
      throw new NoTrace('It is a trace without a single event that has a thread and a time.');
    }

    const model = {
      title: capitalized(String(other.title ?? process ?? 'a trace')),
      isOurs,
      notes,
      lanes,
      duration: Math.max(last, 1),
      queues: depths(samples, shift),
      leads: leads.map((lead) => ({ ...lead, at: lead.at - shift, end: lead.end - shift })),
    };
    judge(model);
    model.moments = moments(model);
    return model;
  }

  const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  /** The lane with this number, as the events name it. */
  const lane = (model, tid) => model.lanes.find((lane) => lane.tid === tid) ?? null;

  /** Writes what the monitor said of a poll into the poll. */
  function judge(model) {
    for (const { marks } of model.lanes) {
      for (const mark of marks.filter(({ kind }) => kind === 'block')) {
        const stuck = lane(model, mark.args.thread);
        const poll = stuck?.bars.findLast((bar) => bar.at <= mark.at && bar.kind !== 'park' && bar.end >= mark.at);
        if (poll) {
          poll.verdict = mark.args.verdict ?? null;
          poll.isLong ||= mark.args.verdict === 'blocked';
        }
      }
    }
  }

  function depths(samples, shift) {
    const queued = samples.filter(({ name }) => name === 'queued').sort((one, two) => one.at - two.at);
    return queued.map(({ at, values }) => {
      const numbers = Object.entries(values).filter(([, value]) => Number.isFinite(value));
      return { at: at - shift, values: numbers, total: numbers.reduce((sum, [, value]) => sum + value, 0) };
    });
  }

  /** All that happens, one thing after the other. */
  function moments(model) {
    const all = [];
    for (const lane of model.lanes) {
      for (const bar of lane.bars) {
        all.push({ at: bar.at, what: 'begin', lane, bar, isMain: bar.isLong });
        all.push({ at: bar.end, what: 'end', lane, bar, isMain: bar.isLong });
      }
      for (const mark of lane.marks) {
        all.push({ at: mark.at, what: 'mark', lane, mark, isMain: MAIN_MARKS.includes(mark.kind) });
      }
    }
    return all.sort((one, two) => one.at - two.at);
  }

  /** A length in µs, with three digits that count and its unit. */
  function time(us) {
    if (us === 0) {
      return '0';
    }
    const [value, unit] = us < 1_000 ? [us, 'µs'] : us < 1_000_000 ? [us / 1_000, 'ms'] : [us / 1_000_000, 's'];
    return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
  }

  const task = (id, name) => {
    const plain = `task ${id}`;
    return id === null || id === undefined ? (name ?? 'a task') : name && name !== plain ? `${name} (${plain})` : plain;
  };

  /** What a thread does in a bar, as in "worker 1 …". */
  function doing(bar) {
    const who = task(bar.task, ['poll', 'other'].includes(bar.kind) ? bar.name : null);
    switch (bar.kind) {
      case 'poll':
        return `polls ${who}`;
      case 'park':
        return bar.where === 'reactor' ? 'waits in the reactor' : bar.where === 'spare' ? 'rests as a spare' : 'sleeps';
      case 'in-place':
        return `is in a block_in_place of ${who}`;
      case 'closure':
        return `runs a blocking closure, ${who}`;
      default:
        return `is in ${bar.name}`;
    }
  }

  function begun(bar) {
    switch (bar.kind) {
      case 'poll':
        return `begins to poll ${task(bar.task, bar.name)}`;
      case 'park':
        return bar.where === 'reactor' ? 'goes to wait in the reactor' : bar.where === 'spare' ? 'becomes a spare' : 'goes to sleep';
      case 'in-place':
        return `begins a block_in_place of ${task(bar.task)}`;
      case 'closure':
        return `begins to run a blocking closure, ${task(bar.task)}`;
      default:
        return `begins ${bar.name}`;
    }
  }

  function ended(bar) {
    const length = time(bar.end - bar.at);
    switch (bar.kind) {
      case 'poll':
        return `ends its poll of ${task(bar.task, bar.name)} after ${length}${bar.result ? `: ${bar.result}` : ''}`;
      case 'park':
        return `wakes, after ${length}`;
      case 'in-place':
        return `ends the block_in_place of ${task(bar.task)} after ${length}`;
      case 'closure':
        return `ends the closure, ${task(bar.task)}, after ${length}`;
      default:
        return `ends ${bar.name} after ${length}`;
    }
  }

  const nameOf = (model, tid) => lane(model, tid)?.name ?? (tid === null || tid === undefined ? 'nobody yet' : `thread ${tid}`);

  function marked(model, { kind, name, args }) {
    const by = args.by === null || args.by === undefined ? '' : `, from inside task ${args.by}`;
    switch (kind) {
      case 'spawn':
        return `spawns ${task(args.task, args.name)}${args.spawned_at ? ` at ${args.spawned_at}` : ''}${by}`;
      case 'wake':
        return `wakes ${task(args.task)}${by}`;
      case 'steal':
        return `steals ${args.tasks ?? 'some'} tasks from ${nameOf(model, args.from)}`;
      case 'take':
        return `takes ${args.tasks ?? 'some'} tasks from the injector`;
      case 'block':
        return `finds ${nameOf(model, args.thread)} ${args.verdict ?? 'stuck'} in ${task(args.task)}${
          Number.isFinite(args.lasts) ? `, for at least ${time(args.lasts)}` : ''
        }`;
      case 'hand_off':
        return `hands processor ${args.processor} from ${nameOf(model, args.from)} to ${
          args.to === null || args.to === undefined ? 'a thread that is being started' : nameOf(model, args.to)
        }`;
      case 'return':
        return `comes back from its poll, and processor ${args['processor lost meanwhile'] ?? args.processor ?? ''} is gone`;
      case 'processor':
        return `takes processor ${args.processor}`;
      default:
        return name;
    }
  }

  /** The sentence for a moment. */
  function describe(model, { lane, what, bar, mark }) {
    const text = what === 'begin' ? begun(bar) : what === 'end' ? ended(bar) : marked(model, mark);
    return `${lane.name} ${text}`;
  }

  /** The innermost bar of a lane at a time. */
  function barAt(lane, at) {
    // The last that begins before it, or one of those around that.
    let [low, high] = [0, lane.bars.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lane.bars[middle].at <= at) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    let bar = lane.bars[low - 1] ?? null;
    while (bar && bar.end <= at) {
      bar = bar.around;
    }
    return bar;
  }

  /** What was queued at a time, or null if nothing is known. */
  const queuedAt = (model, at) => model.queues.findLast((sample) => sample.at <= at) ?? null;

  /** What every thread does at a time, in a sentence; in short, only what is not asleep. */
  function now(model, at, isShort = false) {
    const parts = [];
    let asleep = 0;
    for (const lane of model.lanes) {
      const bar = barAt(lane, at);
      const isOver = lane.bars.length === 0 || at < lane.bars[0].at || at >= lane.end;
      if (isShort && bar?.kind === 'park') {
        asleep += 1;
      } else if (bar) {
        const long = at - bar.at >= 1_000 ? ` for ${time(at - bar.at)}` : '';
        parts.push(`${lane.name} ${doing(bar)}${long}`);
      } else if (!isOver && !isShort) {
        parts.push(`${lane.name} looks for work`);
      }
    }
    if (asleep) {
      parts.push(`${asleep} asleep`);
    }
    const sample = queuedAt(model, at);
    if (sample && at < model.duration) {
      parts.push(`queued: ${sample.total}`);
    }
    return parts.length ? `${parts.join('; ')}.` : 'Nobody polls.';
  }

  /** All about one bar. */
  function details(lane, bar) {
    const long = bar.isLong ? '. It keeps its thread from all other tasks' : '';
    const verdict = bar.verdict ? `. The monitor judged: ${bar.verdict}` : '';
    const held = bar.kind === 'poll' && bar.processor !== null ? `, with processor ${bar.processor}` : '';
    const result = bar.result ? `, ${bar.result}` : '';
    return `${lane.name} ${doing(bar)} from ${time(bar.at)} to ${time(bar.end)}: ${time(bar.end - bar.at)}${result}${held}${long}${verdict}.`;
  }

  return { NoTrace, read, describe, details, now, barAt, queuedAt, time };
})();
