// As much of a browser's page as a widget needs.
class Element {
  constructor(tag, namespace) {
    Object.assign(this, { tag, namespaceURI: namespace, attributes: {}, children: [], textContent: "", value: "", heard: {} });
  }
  setAttribute(name, value) { this.attributes[name] = value; }
  append(child) { this.children.push(child); }
  replaceChildren() { this.children = []; }
  addEventListener(event, listener) { (this.heard[event] ??= []).push(listener); }
  dispatch(event) { for (const listener of this.heard[event] ?? []) listener(); }
  all(tag) { return this.children.flatMap((child) => [...(child.tag === tag ? [child] : []), ...child.all(tag)]); }
}
globalThis.document = {
  createElement: (tag) => new Element(tag, "http://www.w3.org/1999/xhtml"),
  createElementNS: (namespace, tag) => new Element(tag, namespace),
};
// The model lives elsewhere: fetch(name) and send(json) reach it.
globalThis.model = {
  heard: {},
  changed: {},
  get(name) { return name in this.changed ? this.changed[name] : JSON.parse(fetch(name)); },
  set(name, value) { this.changed[name] = value; },
  save_changes() { const changed = this.changed; this.changed = {}; send(JSON.stringify(changed)); },
  on(event, listener) { (this.heard[event] ??= []).push(listener); },
  off(event, listener) { this.heard[event] = this.heard[event].filter((each) => each !== listener); },
  tell(event) { for (const listener of this.heard[event] ?? []) listener(); },
};
globalThis.page = document.createElement("div");
