// What is remembered between visits; where the browser keeps nothing, until the page is left.

const here = new Map();

export const kept = {
  get(name) {
    try {
      return localStorage.getItem(name) ?? here.get(name) ?? null;
    } catch {
      return here.get(name) ?? null;
    }
  },
  set(name, value) {
    here.set(name, value);
    try {
      localStorage.setItem(name, value);
    } catch {
      // Storage is switched off: `here` has it.
    }
  },
};
