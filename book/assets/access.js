// What mdBook leaves undone for readers who use a keyboard or a screen reader.
(() => {
  // What opens the sidebar is a label, which the keyboard does not reach. A button takes its place.
  const label = document.getElementById('mdbook-sidebar-toggle');
  const checkbox = document.getElementById('mdbook-sidebar-toggle-anchor');
  const button = document.createElement('button');
  button.type = 'button';
  for (const { name, value } of label.attributes) {
    if (name !== 'for') {
      button.setAttribute(name, value);
    }
  }
  button.append(...label.childNodes);
  label.replaceWith(button);
  // The label is kept: mdBook prepares the sidebar in its listener, and says in its attribute what has become of it.
  label.htmlFor = '';
  button.addEventListener('click', () => {
    label.click();
    checkbox.click();
  });
  checkbox.addEventListener('change', () => {
    button.setAttribute('aria-expanded', String(checkbox.checked));
  });

  document.getElementById('mdbook-menu-bar').setAttribute('role', 'banner');

  // The corner above a column of names is written as an empty heading, which heads nothing.
  for (const heading of document.querySelectorAll('main th:empty')) {
    heading.replaceWith(document.createElement('td'));
  }

  // The arrow keys choose among the options of a quiz; mdBook would turn the page.
  for (const quiz of document.querySelectorAll('form.quiz')) {
    quiz.addEventListener('keydown', (event) => event.stopPropagation());
  }

  // A listing or table that is wider than the window scrolls in its own box, and only what has the focus can be
  // scrolled by keys.
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) {
        target.tabIndex = 0;
      } else {
        target.removeAttribute('tabindex');
      }
    }
  });
  for (const box of document.querySelectorAll('main pre > code, main pre.mermaid, main .table-wrapper')) {
    observer.observe(box);
  }
})();
