// Returns whatever on the page is written with less than a contrast, and how much was measured.
([states, least]) => {
  const EXEMPT = "[aria-disabled=true], option, noscript"; // options are drawn by the system
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const painted = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (colour) => colour
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const below = (element) => {
    const colours = [];
    for (let at = element; at; at = at.parentElement) {
      colours.unshift(getComputedStyle(at).backgroundColor);
    }
    return colours;
  };
  const contrast = (element, colour) => {
    const [dark, light] = [painted(below(element)), painted([...below(element), colour])]
      .map(luminance).sort((one, other) => one - other);
    return (light + 0.05) / (dark + 0.05);
  };
  for (const each of document.getAnimations()) if (each instanceof CSSTransition) each.finish();
  const found = [];
  const measure = (element, what, colour) => {
    const ratio = contrast(element, colour);
    if (ratio < least) found.push(`${what}: ${ratio.toFixed(2)}`);
  };
  const chip = document.querySelector("#state");
  const before = chip.dataset.state;
  chip.style.transition = "none";
  for (const state of states) {
    chip.dataset.state = state;
    measure(chip, state, getComputedStyle(chip).color);
  }
  chip.dataset.state = before;
  let measured = 0;
  for (const element of document.body.querySelectorAll("*")) {
    if (element instanceof SVGElement || element.closest(EXEMPT)) continue;
    const words = element.textContent.trim().slice(0, 20);
    const name = `${element.tagName} ${element.className} ${words}`;
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    if (texts.some((node) => node.data.trim())) {
      measure(element, name, getComputedStyle(element).color);
      measured += 1;
    }
    if (element.placeholder) {
      measure(element, `${name} placeholder`, getComputedStyle(element, "::placeholder").color);
    }
  }
  return { found, measured };
}
