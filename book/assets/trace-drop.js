// <trace-drop> takes a file from the reader and shows it in a player. Nothing leaves the page.
(() => {
  const { read, NoTrace } = globalThis.traceModel;
  /** Parsing more holds a slow machine up for seconds; said in the text of the page, too. */
  const LIMIT = 32 * 1024 * 1024;

  const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

  /** Lets the browser show what was said before a longer piece of work begins. */
  const shown = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

  /** The text of a file, if it can be one of ours. */
  async function textOf(file) {
    if (file.size > LIMIT) {
      throw new NoTrace(
        `It has ${megabytes(file.size)}, and this page takes up to ${megabytes(LIMIT)}. Record a shorter time, or open it in Perfetto.`,
      );
    }
    const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    if (first === 0x1f && second === 0x8b) {
      throw new NoTrace('It is compressed. Unpack it first, with gunzip.');
    }
    const text = await file.text();
    if (text.trim() === '') {
      throw new NoTrace('It is empty.');
    }
    return text;
  }

  class TraceDrop extends HTMLElement {
    connectedCallback() {
      if (this.dataset.state || window.location.pathname.endsWith('/print.html')) {
        return;
      }
      this.dataset.state = 'ready';
      this.input = document.createElement('input');
      this.input.type = 'file';
      this.input.accept = '.json,application/json';
      this.input.id = 'trace-file';
      const label = document.createElement('label');
      label.htmlFor = this.input.id;
      label.textContent = 'Choose a trace, or drop one here';
      this.said = document.createElement('p');
      this.said.setAttribute('role', 'status');
      this.zone = document.createElement('div');
      this.zone.className = 'trace-zone';
      this.zone.append(label, this.input, this.said);
      this.append(this.zone);
      this.input.addEventListener('change', () => this.take(this.input.files[0]));
      for (const type of ['dragover', 'dragleave', 'drop']) {
        // Anywhere on the page: a file that is dropped beside the zone would be opened in place of the page.
        window.addEventListener(type, (event) => this.drag(event));
      }
    }

    drag(event) {
      if (!event.dataTransfer?.types.includes('Files')) {
        return;
      }
      event.preventDefault();
      this.zone.classList.toggle('trace-zone-over', event.type === 'dragover');
      if (event.type === 'drop') {
        this.take(event.dataTransfer.files[0]);
      }
    }

    async take(file) {
      if (!file) {
        return;
      }
      this.querySelector('trace-player')?.remove();
      this.said.textContent = `Reading ${file.name}, ${megabytes(file.size)} …`;
      await shown();
      try {
        const model = read(await textOf(file));
        const player = document.createElement('trace-player');
        this.append(player);
        player.show([model]);
        const bars = model.lanes.reduce((sum, lane) => sum + lane.bars.length, 0);
        this.said.textContent = `${file.name}: ${model.title}, ${model.lanes.length} threads, ${bars} bars.`;
      } catch (error) {
        const reason = error instanceof NoTrace ? error.message : `This page cannot read it: ${error.message}.`;
        this.said.textContent = `${file.name} is not shown. ${reason}`;
      }
    }
  }

  customElements.define('trace-drop', TraceDrop);
})();
