'use strict';
(() => {
  // The theme: the system's, until the button says otherwise.
  const root = document.documentElement, theme = document.getElementById('theme');
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const label = () => { theme.textContent = dark() ? 'Light' : 'Dark'; theme.setAttribute('aria-label', 'Show in ' + (dark() ? 'light' : 'dark') + ' colours'); };
  theme.hidden = false;
  label();
  theme.addEventListener('click', () => { root.dataset.theme = dark() ? 'light' : 'dark'; label(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', label);

  // A link to a folded table unfolds it.
  const unfold = () => { const t = location.hash && document.getElementById(location.hash.slice(1)); if (t && t.tagName === 'DETAILS') t.open = true; };
  addEventListener('hashchange', unfold);
  unfold();

  // What a cell is sorted by: its number, exact where it is shown rounded, or its text. Blank cells come last.
  const order = new Intl.Collator(undefined, {numeric: true, sensitivity: 'base'});
  const key = cell => {
    if (!cell.classList.contains('n')) return cell.textContent;
    const s = cell.dataset.v || cell.textContent.replaceAll(',', '');
    return s === 'inf' ? Infinity : s === '-inf' ? -Infinity : Number(s);
  };
  for (const table of document.querySelectorAll('table')) {
    const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => head.firstElementChild.addEventListener('click', () => {
      const numbers = head.classList.contains('n');
      const was = head.getAttribute('aria-sort'), now = was === 'none' ? (numbers ? 'descending' : 'ascending') : was === 'ascending' ? 'descending' : 'ascending';
      const sign = now === 'ascending' ? 1 : -1;
      const keyed = rows.map((row, i) => ({row, i, k: key(row.cells[at])}));
      const blank = k => k === '';
      keyed.sort((a, b) => blank(a.k) !== blank(b.k) ? (blank(a.k) ? 1 : -1) :
        sign * (typeof a.k === 'number' && typeof b.k === 'number' ? a.k - b.k || 0 : order.compare(String(a.k), String(b.k))) || a.i - b.i);
      body.replaceChildren(...keyed.map(x => x.row));
      heads.forEach(h => h.setAttribute('aria-sort', h === head ? now : 'none'));
    }));
    const tools = table.closest('details').querySelector('.tools'), input = tools.querySelector('input'), count = tools.querySelector('output');
    tools.hidden = false;
    const words = rows.map(row => [...row.cells].map(c => c.textContent).join(' ').toLowerCase());
    input.addEventListener('input', () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      rows.forEach((row, i) => { const fits = wanted.every(w => words[i].includes(w)); row.hidden = !fits; n += fits; });
      count.textContent = wanted.length ? n + ' of ' + rows.length + ' rows' : '';
    });
  }
})();
