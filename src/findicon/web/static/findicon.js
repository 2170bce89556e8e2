// What the pages do beside being pages: open a study in place, step through images, copy, show progress.
// Everything here has a link or a form that does the same without it.

const fetched = async (address) => {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.text();
};

const element = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
};

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const into = (element) => element.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });

const plainClick = (event) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

// Colours: the button keeps its form, and does without a new page.
document.querySelector(".theme")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme;
  const next = (now === "auto" ? dark : now === "dark") ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.querySelector('meta[name="color-scheme"]').content = next;
  document.cookie = `findicon-theme=${next}; path=/; max-age=31536000; samesite=lax`;
  const button = event.target.querySelector("button");
  button.value = next === "dark" ? "light" : "dark";
  button.setAttribute("aria-label", `Switch to ${button.value} colours`);
});

// Copying.
const prepare = (root) => {
  for (const button of root.querySelectorAll(".copy")) button.hidden = false;
};
prepare(document);

const copy = async (button) => {
  const value = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("code"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  const label = button.firstChild;
  label.textContent = "Copied";
  setTimeout(() => (label.textContent = "Copy"), 1500);
};

// A study in place: below the row of cards, or below its row of the table.
let opened = null;

const shut = (focus) => {
  if (!opened) return;
  opened.holder.remove();
  opened.item.classList.remove("open");
  opened.link.setAttribute("aria-expanded", "false");
  if (focus) opened.link.focus();
  opened = null;
};

const lastOfRow = (item) => {
  let last = item;
  for (let next = item.nextElementSibling; next?.offsetTop === item.offsetTop; next = next.nextElementSibling) last = next;
  return last;
};

const openStudy = async (link) => {
  const item = link.closest(".card, .row");
  const again = opened?.item === item;
  shut(again);
  if (again) return;
  const inTable = item.matches("tr");
  const holder = inTable
    ? element(`<table><tbody><tr class="inrow"><td colspan="${item.cells.length}"><div class="panel waits">Loading…</div></td></tr></tbody></table>`).rows[0]
    : element('<li class="panel waits">Loading…</li>');
  (inTable ? item : lastOfRow(item)).after(holder);
  item.classList.add("open");
  link.setAttribute("aria-expanded", "true");
  opened = { item, link, holder };
  try {
    const panel = element(await fetched(link.dataset.panel));
    if (opened?.holder !== holder) return;
    if (inTable) {
      holder.cells[0].replaceChildren(panel);
    } else {
      const place = element('<li class="panel-holder"></li>');
      place.append(panel);
      holder.replaceWith(place);
      opened.holder = place;
    }
    prepare(panel);
    panel.focus({ preventScroll: true });
    into(panel);
  } catch {
    holder.textContent = "The study could not be loaded. Try again, or open it on its own page.";
  }
};

// The images of a series, in the panel of its study.
const openSeries = async (link) => {
  const panel = link.closest(".panel");
  const images = panel.querySelector(".images");
  for (const tile of panel.querySelectorAll(".tile")) {
    const mine = tile.contains(link);
    tile.classList.toggle("open", mine);
    tile.querySelector("a").toggleAttribute("aria-current", mine);
  }
  images.innerHTML = '<p class="waits">Loading…</p>';
  try {
    images.innerHTML = await fetched(link.dataset.images);
    prepare(images);
    into(images);
  } catch {
    images.textContent = "The images could not be loaded. Try again.";
  }
};

// One image in large.
class View {
  constructor(section, close) {
    this.section = section;
    this.close = close;
    this.image = section.querySelector(".shown");
    this.stage = section.querySelector(".stage");
    this.slider = section.querySelector("[data-slider]");
    this.window = section.dataset.window;
    this.places = [];
    this.at = 0;
    this.wheel = 0;
    this.listen();
    this.load();
  }

  async load() {
    const { base, images, uid, frame } = this.section.dataset;
    this.base = base;
    const list = await (await fetch(images)).json();
    for (const { uid: one, frames, title } of list) {
      for (let number = 1; number <= frames; number += 1) this.places.push({ uid: one, frame: number, frames, title });
    }
    this.at = Math.max(this.places.findIndex((place) => place.uid === uid && place.frame === Number(frame)), 0);
    this.slider.hidden = this.places.length < 2;
    this.section.dataset.ready = "";
    this.fetchAround();
  }

  listen() {
    const { stage, section, slider } = this;
    stage.addEventListener("wheel", (event) => {
      if (event.ctrlKey) return;
      event.preventDefault();
      this.wheel += event.deltaY;
      const steps = Math.trunc(this.wheel / 40);
      if (steps) {
        this.wheel -= steps * 40;
        this.step(Math.sign(steps));
      }
    }, { passive: false });
    section.addEventListener("keydown", (event) => this.key(event));
    slider.addEventListener("input", () => this.show(Number(slider.value) - 1));
    section.addEventListener("click", (event) => {
      const step = event.target.closest("[data-step]");
      const preset = event.target.closest("[data-window].chip");
      if (!plainClick(event) || (!step && !preset)) return;
      event.preventDefault();
      if (step) this.step(Number(step.dataset.step));
      else this.choose(preset.dataset.window);
    });
    section.querySelector("form.window")?.addEventListener("submit", (event) => {
      event.preventDefault();
      const { center, width } = event.target.elements;
      this.choose(`${Number(center.value)},${Number(width.value)}`);
    });
    let from = null;
    stage.addEventListener("pointerdown", (event) => {
      from = event.clientY;
      stage.setPointerCapture(event.pointerId);
      stage.focus({ preventScroll: true });
    });
    stage.addEventListener("pointermove", (event) => {
      if (from === null || Math.abs(event.clientY - from) < 14) return;
      this.step(Math.sign(event.clientY - from));
      from = event.clientY;
    });
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => (from = null));
  }

  key(event) {
    if (event.target.matches("input:not([type=range])") || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      event.preventDefault();
      this.step(steps[event.key]);
    } else if (/^\d$/.test(event.key)) {
      const preset = this.section.querySelectorAll(".windows .chip")[Number(event.key)];
      if (preset) this.choose(preset.dataset.window);
    } else if (event.key === "Escape" && this.close) {
      event.preventDefault();
      event.stopPropagation(); // the study below stays open
      this.close();
    }
  }

  step(by) {
    if (this.places.length) this.show(Math.min(Math.max(this.at + by, 0), this.places.length - 1));
  }

  choose(value) {
    this.window = value;
    const [center = "", width = ""] = value.split(",");
    const form = this.section.querySelector("form.window");
    if (form) [form.elements.center.value, form.elements.width.value] = [center, width];
    for (const chip of this.section.querySelectorAll(".windows .chip")) {
      if (chip.dataset.window === value) chip.setAttribute("aria-current", "true");
      else chip.removeAttribute("aria-current");
    }
    if (this.places.length) this.show(this.at);
  }

  address(index) {
    const place = this.places[index];
    const window = this.window ? `&window=${encodeURIComponent(this.window)}` : "";
    return `${this.base}/instances/${place.uid}/frames/${place.frame}/picture?size=1024${window}`;
  }

  // The picture on the stage is replaced when the next one is here, so that nothing flickers.
  show(index) {
    this.at = index;
    const place = this.places[index];
    const title = place.frames > 1 ? `${place.title}, frame ${place.frame} of ${place.frames}` : place.title;
    this.section.querySelector("[data-place]").textContent = `${index + 1} / ${this.places.length}`;
    this.section.querySelector("[data-title]").textContent = title;
    const download = this.section.querySelector("[data-download]");
    download.href = download.href.replace(/\/instances\/[^?]*/, `/instances/${place.uid}`);
    for (const button of this.section.querySelectorAll("[data-step]")) {
      const to = index + Number(button.dataset.step);
      const there = to >= 0 && to < this.places.length;
      button.toggleAttribute("aria-disabled", !there);
      if (there) {
        const window = this.window ? `&window=${encodeURIComponent(this.window)}` : "";
        button.href = `${this.base}/instances/${this.places[to].uid}?frame=${this.places[to].frame}${window}`;
      } else {
        button.removeAttribute("href");
      }
    }
    this.slider.value = index + 1;
    this.slider.setAttribute("aria-valuetext", `${index + 1} of ${this.places.length}`);
    const next = new Image();
    next.decoding = "async";
    next.onload = () => {
      if (this.at !== index) return;
      this.image.src = next.src;
      this.image.alt = title;
      this.section.dataset.shown = String(index + 1);
      this.fetchAround();
    };
    next.onerror = () => {
      if (this.at === index) this.image.alt = `${title} cannot be shown`;
    };
    next.src = this.address(index);
  }

  fetchAround() {
    for (const index of [this.at + 1, this.at - 1, this.at + 2]) {
      if (index >= 0 && index < this.places.length) new Image().src = this.address(index);
    }
  }
}

const openViewer = async (link) => {
  const address = new URL(link.href);
  address.searchParams.set("part", "viewer");
  const dialog = element('<dialog class="viewer" aria-label="Image viewer"></dialog>');
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  try {
    dialog.append(element(await fetched(address)));
  } catch {
    dialog.remove();
    location.href = link.href;
    return;
  }
  prepare(dialog);
  dialog.showModal();
  const section = dialog.querySelector(".view");
  new View(section, () => dialog.close());
  section.querySelector(".stage").focus({ preventScroll: true });
};

for (const section of document.querySelectorAll("main .view")) new View(section, null);

document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (button) return void copy(button);
  const close = event.target.closest(".close");
  if (close) return close.closest("dialog") ? close.closest("dialog").close() : shut(true);
  const link = event.target.closest("a[data-panel], a[data-images], a[data-viewer]");
  if (!link || !plainClick(event)) return;
  event.preventDefault();
  if (link.dataset.panel) openStudy(link);
  else if (link.dataset.images) openSeries(link);
  else openViewer(link);
});

// Arrow keys go from card to card; Escape closes what is open.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && opened && !document.querySelector("dialog[open]")) return shut(true);
  const here = event.target.closest?.(".card h2 a, .tile a, .frames a, .day a");
  if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
  const list = here.closest("ul, ol");
  const links = [...list.querySelectorAll(":scope > li > a, :scope > .card h2 a")];
  const at = links.indexOf(here);
  const top = (link) => link.closest("li").offsetTop;
  const columns = Math.max(links.filter((link) => top(link) === top(here)).length, 1);
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  const next = links[at + steps[event.key]];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

// Progress, as long as there is some to see.
const progress = document.getElementById("progress");
const watch = async () => {
  if (document.visibilityState === "visible") {
    try {
      progress.innerHTML = await fetched(progress.dataset.address);
    } catch {
      // the next look may succeed
    }
  }
  schedule();
};
const schedule = () => setTimeout(watch, progress.querySelector("[data-waiting]") ? 2000 : 15000);
schedule();
