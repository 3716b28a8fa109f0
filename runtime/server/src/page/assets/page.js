// What makes pages live. Everything can be done without it; it exchanges parts of pages in place.
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Puts new HTML where old one was, and leaves what is the same: focus, ticks and places of scrolling stay.
  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
  const keep = new Set(["open", "checked", "hidden"]);
  const morph = (from, to) => {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== Node.ELEMENT_NODE) { from.nodeValue = to.nodeValue; return; }
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !keep.has(name)) from.removeAttribute(name);
    for (const { name, value } of [...to.attributes]) {
      if (from.getAttribute(name) !== value && !keep.has(name)) from.setAttribute(name, value);
    }
    children(from, to);
  };
  const children = (from, to) => {
    let old = from.firstChild;
    for (const fresh of [...to.childNodes]) {
      if (old && fresh.id && fresh.id !== old.id) {
        const moved = [...from.children].find((child) => child.id === fresh.id);
        if (moved) { from.insertBefore(moved, old); old = moved; }
      }
      if (old && same(old, fresh)) { const next = old.nextSibling; morph(old, fresh); old = next; }
      else from.insertBefore(document.importNode(fresh, true), old);
    }
    while (old) { const next = old.nextSibling; old.remove(); old = next; }
  };
  const put = (place, html) => {
    const fresh = place.cloneNode(false);
    fresh.innerHTML = html;
    children(place, fresh);
    after(place);
  };

  // Asks again and again, more seldom while nobody looks, and sends what it knows so that the same is not sent twice.
  const poll = (url, every, take) => {
    let tag = "";
    let timer = 0;
    let over = false;
    const ask = async () => {
      clearTimeout(timer);
      if (over) return;
      let wait = every();
      if (!document.hidden) {
        try {
          const answer = await fetch(url(), { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
          if (answer.status === 200) {
            tag = answer.headers.get("ETag") || "";
            if (take(await answer.text()) === "done") { over = true; return; }
          } else if (answer.status !== 304) wait = 8000;
        } catch { wait = 4000; }
      }
      timer = setTimeout(ask, wait);
    };
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
    timer = setTimeout(ask, every());
    return { now: () => { tag = ""; ask(); } };
  };

  // Lists.
  const ticked = () => {
    const button = document.querySelector("[data-compare]");
    if (!button) return;
    const count = all("#compare input[name=run]:checked").length;
    button.disabled = count < 2;
    button.textContent = count > 1 ? `Compare ${count} runs` : "Compare selected";
    for (const other of all("[data-selected]")) other.disabled = !count;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("#compare input[name=run]")) ticked();
    if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
  });
  for (const place of all("[data-live]")) {
    poll(() => place.dataset.live, () => Number(place.dataset.every) || 2000, (html) => put(place, html));
  }
  for (const place of all("[data-load]")) {
    place.textContent = "Counting…";
    fetch(place.dataset.load).then((answer) => answer.text()).then((html) => put(place, html)).catch(() => { place.textContent = "It could not be loaded."; });
  }

  // A run: the states of its steps, and the step that is chosen.
  const run = document.querySelector("[data-run]");
  let watch = null;
  const states = (nodes) => {
    for (const node of all("[data-node]")) {
      const [look, say, word] = nodes[node.dataset.node] || ["waiting", "", "Not run"];
      const text = node.querySelector(".say");
      if (text && text.textContent !== say) text.textContent = say;
      if (node.dataset.look === look) continue;
      node.classList.remove(`is-${node.dataset.look}`);
      node.classList.add(`is-${look}`);
      node.dataset.look = look;
      const sign = node.querySelector(".sign");
      if (sign) {
        sign.setAttribute("class", `sign is-${look}`);
        sign.firstElementChild.setAttribute("href", `#sign-${look}`);
      }
      const texts = all("text", node).map((text) => text.textContent).filter(Boolean);
      node.querySelector("a[data-step]")?.setAttribute("aria-label", `${texts.join(" ")}: ${word}`);
    }
  };
  const shown = (text) => {
    const live = JSON.parse(text);
    for (const [name, html] of Object.entries(live.parts)) {
      const place = document.querySelector(`[data-part="${name}"]`);
      if (place) put(place, html);
    }
    if (live.begun && !run.dataset.begun) {
      // It waited for its turn when the page was made.
      run.dataset.begun = "yes";
      swap(location.href, false);
    } else if (Object.keys(live.nodes).length) states(live.nodes);
    return live.done ? "done" : "";
  };
  const liveUrl = () => `${run.dataset.run}/live${location.search}`;
  if (run && run.dataset.liveRun) watch = poll(liveUrl, () => 700, shown);

  const mark = () => {
    const step = new URLSearchParams(location.search).get("step") || "";
    const path = step.split("/").map((part) => part.replace(/\[\d+\]$/, "")).join("/");
    for (const node of all("[data-node]")) {
      const chosen = node.dataset.node === path;
      node.classList.toggle("chosen", chosen);
      const link = node.querySelector("a[data-step]");
      if (link) { if (chosen) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current"); }
    }
    for (const row of all(".timeline li")) {
      row.classList.toggle("chosen", row.querySelector("a[data-step]")?.dataset.step === step);
    }
    for (const link of all(".tabs a")) {
      const to = new URL(link.href);
      if (step) to.searchParams.set("step", step); else to.searchParams.delete("step");
      link.setAttribute("href", to.pathname + to.search);
    }
  };
  const choose = async (step, push) => {
    const to = new URL(location.href);
    if (step) to.searchParams.set("step", step); else to.searchParams.delete("step");
    if (push) history.pushState(null, "", to);
    mark();
    try {
      const answer = await fetch(liveUrl(), { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      shown(await answer.text());
      if (watch) watch.now();
      const panel = document.getElementById("panel");
      panel.scrollTop = 0;
      if (push && matchMedia("(max-width: 1080px)").matches) panel.scrollIntoView({ block: "start" });
    } catch { location.reload(); }
  };

  // Opens and closes DAGs: the same page, of which the stage is taken.
  const swap = async (href, push) => {
    try {
      const answer = await fetch(href, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("stage");
      const stage = document.getElementById("stage");
      const label = document.activeElement?.closest("#stage a")?.getAttribute("aria-label")?.replace(/^(Open|Close) /, "");
      const scroll = stage.querySelector(".canvas > .scroll");
      const place = scroll && [scroll.scrollLeft, scroll.scrollTop];
      stage.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
      if (push) history.pushState(null, "", href);
      after(stage);
      const again = stage.querySelector(".canvas > .scroll");
      if (again && place) [again.scrollLeft, again.scrollTop] = place;
      if (label) all("a[aria-label]", stage).find((link) => /^(Open|Close) /.test(link.getAttribute("aria-label")) && link.getAttribute("aria-label").endsWith(label))?.focus();
    } catch { location.href = href; }
  };

  document.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a");
    const zoom = event.target.closest("[data-zoom-by], [data-zoom-fit]");
    const earlier = event.target.closest("[data-earlier]");
    if (zoom) return scale(zoom);
    if (earlier) return before(earlier);
    if (!link) return;
    if (link.matches("[data-swap]")) { event.preventDefault(); swap(link.getAttribute("href"), true); }
    else if (run && link.dataset.step !== undefined) { event.preventDefault(); choose(link.dataset.step, true); }
  });
  addEventListener("popstate", () => { if (run) { swap(location.href, false); choose(new URLSearchParams(location.search).get("step") || "", false); } });

  // Drawings: larger, smaller, as wide as there is room.
  const width = (svg) => Number(svg.getAttribute("width"));
  const resize = (svg, to) => {
    const [, , w, h] = svg.getAttribute("viewBox").split(" ").map(Number);
    const wide = Math.min(Math.max(to, 80), w * 3);
    svg.setAttribute("width", wide.toFixed(0));
    svg.setAttribute("height", (wide * h / w).toFixed(0));
  };
  const fit = (svg) => {
    const [, , w] = svg.getAttribute("viewBox").split(" ").map(Number);
    const scroll = svg.parentElement;
    const style = getComputedStyle(scroll);
    const room = scroll.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    resize(svg, Math.min(w, room));
  };
  const scale = (button) => {
    const svg = button.closest("[data-canvas]").querySelector("svg.dag");
    if (button.dataset.zoomBy) resize(svg, width(svg) * Number(button.dataset.zoomBy)); else fit(svg);
  };

  // The part of a log that is before the one that is shown.
  const before = async (button) => {
    const to = Number(button.dataset.from);
    const answer = await fetch(`${button.dataset.earlier}&from=0&to=${to}`);
    if (!answer.ok) return;
    const log = document.getElementById("log");
    const height = log.scrollHeight;
    log.prepend(await answer.text());
    log.scrollTop = log.scrollHeight - height;
    const from = Number(answer.headers.get("X-Range-From"));
    button.dataset.from = String(from);
    if (!from) button.hidden = true;
  };

  // What new parts of a page need.
  function after(root) {
    for (const zoom of all("[data-zoom][hidden]", root)) {
      zoom.hidden = false;
      const svg = zoom.parentElement.querySelector("svg.dag");
      const [, , w] = svg.getAttribute("viewBox").split(" ").map(Number);
      // A little too wide is made to fit; of what would be unreadable, the middle is shown.
      const scroll = svg.parentElement;
      if (w <= scroll.clientWidth * 1.5) fit(svg); else if (!svg.matches(".lineage")) scroll.scrollLeft = (scroll.scrollWidth - scroll.clientWidth) / 2;
    }
    for (const button of all("[data-earlier][hidden]", root)) if (Number(button.dataset.from) > 0) button.hidden = false;
    for (const log of all("[data-follow]", root)) if (log.scrollHeight - log.scrollTop - log.clientHeight < 80 || !log.scrollTop) log.scrollTop = log.scrollHeight;
    ticked();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const field = document.querySelector(`[data-focus-key="${CSS.escape(event.key)}"]`);
    if (field) { event.preventDefault(); field.focus(); field.select(); }
    if (event.key === "Escape" && run && document.querySelector("[data-shown-step]")) choose("", true);
  });

  after(document);
})();
