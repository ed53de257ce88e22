// Builds DOM safely: text is always text, never markup. Everything on the page is made with these.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "muted", "selected", "indeterminate"]);

/** An element: `h("button", {class: "x", on: {click}}, "Press")`. Empty children are left out. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") {
      for (const [name, listener] of Object.entries(value)) node.addEventListener(name, listener);
    } else if (key === "dataset") {
      for (const [name, text] of Object.entries(value)) {
        if (text !== undefined && text !== null) node.dataset[name] = text;
      }
    } else if (key === "style") {
      for (const [name, text] of Object.entries(value)) node.style.setProperty(name, text);
    } else if (PROPERTIES.has(key)) {
      node[key] = value;
    } else {
      node.setAttribute(key, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

/** Append children; arrays are flattened, strings become text, empty ones are left out. */
export function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child);
  }
  return node;
}

/** Put these children in the place of what was there. */
export function replace(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

export const byId = (id) => document.getElementById(id);

let count = 0;
/** An id that nothing else on the page has. */
export const freshId = (prefix) => `${prefix}-${(count += 1)}`;

/** Everything in it that Tab would reach. */
export function focusables(node) {
  const selector = "a[href],button,input,textarea,select,[tabindex]";
  return [...node.querySelectorAll(selector)].filter(
    (item) => item.tabIndex >= 0 && !item.disabled && item.getClientRects().length > 0,
  );
}
