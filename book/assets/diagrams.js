// Draws the diagrams of a page. Without scripts, or if anything fails, their source stays, which can be read too.
//
// The library is 2.7 MB, so it is fetched only by a page with a diagram. It comes from the folder of the book, as all
// that the book needs.
(() => {
  const diagrams = [...document.querySelectorAll('pre.mermaid')];
  if (diagrams.length === 0) {
    return;
  }
  const sources = diagrams.map((diagram) => diagram.textContent);
  const page = document.documentElement;
  const isForPaper = window.location.pathname.endsWith('/print.html');

  const theme = () => {
    const isDark = ['ayu', 'coal', 'navy'].some((name) => page.classList.contains(name));
    return isDark && !isForPaper ? 'dark' : 'neutral';
  };

  const draw = async () => {
    window.mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: theme() });
    diagrams.forEach((diagram, index) => {
      diagram.removeAttribute('data-processed');
      diagram.textContent = sources[index];
    });
    await window.mermaid.run({ nodes: diagrams });
  };

  const drawn = new Promise((resolve, reject) => {
    const script = document.createElement('script');
    // path_to_root is set by every page of mdBook.
    script.src = path_to_root + 'mermaid.min.js';
    script.onload = resolve;
    script.onerror = () => reject(new Error('mermaid.min.js did not load; the diagrams stay text'));
    document.head.append(script);
  }).then(draw);

  let last = drawn.catch((error) => console.warn(error));
  let lastTheme = theme();
  new MutationObserver(() => {
    if (theme() !== lastTheme) {
      lastTheme = theme();
      last = last.then(draw).catch((error) => console.warn(error));
    }
  }).observe(page, { attributeFilter: ['class'] });

  // The page of all chapters opens the print dialogue soon after it is loaded: not before its diagrams are drawn.
  const print = window.print.bind(window);
  window.print = () => last.finally(print);
})();
